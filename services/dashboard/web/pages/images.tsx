import { Confirm } from '@sealift/web/parts/confirm.tsx'
import { Failure } from '@sealift/web/parts/failure.tsx'
import { PageBody } from '@sealift/web/parts/page.tsx'
import { Table } from '@sealift/web/parts/table.tsx'
import { useState } from 'react'
import type { User } from '../api.ts'
import { may } from '../may.ts'
import { More } from '../parts/more.tsx'
import { ShowMore } from '../parts/show-more.tsx'
import { type Image, siteApi } from '../site-api.ts'
import { AddImage } from './add-image.tsx'
import { ChangeImage } from './change-image.tsx'
import { ImageTags } from './image-tags.tsx'
import { Registries } from './registries.tsx'
import { useList } from './use-list.ts'
import { useLoaded } from './use-loaded.ts'

type Open = { dialog: 'add' } | { dialog: 'change' | 'tags' | 'delete'; id: string }

/** The images that workspaces can be made of, and the registries that they come from. */
export function ImagesPage({ user }: { user: User }) {
  const list = useList<Image>('/api/v0/images')
  const registries = useLoaded(siteApi.registries)
  const [open, setOpen] = useState<Open>()
  const writes = may(user, 'images:write')
  const close = (): void => setOpen(undefined)
  const saved = (): Promise<void> => list.reload().then(close)
  const { items: images = [] } = list
  const { value: sources = [] } = registries
  const image = open === undefined || open.dialog === 'add' ? undefined : images.find(({ id }) => id === open.id)

  return (
    <PageBody
      title="Images"
      action={
        writes && (
          <button
            type="button"
            className="primary"
            onClick={() => setOpen({ dialog: 'add' })}
            aria-disabled={sources.length === 0}
          >
            Add image
          </button>
        )
      }
    >
      <Failure error={list.error ?? registries.error} />
      {list.items !== undefined && registries.settled && (
        <>
          <Table columns={['Name', 'Tags', 'New workspaces get', 'At most']} actions={writes}>
            {images.map((one) => (
              <tr key={one.id}>
                <th scope="row">
                  {one.name}
                  {one.deprecated && <span className="badge">Deprecated</span>}
                  <p className="status-message">{one.repository}</p>
                </th>
                <td data-label="Tags">{tagsOf(one)}</td>
                <td className="size" data-label="New workspaces get">
                  {sizeOf(one.sizes.cpu, one.sizes.memoryGiB, one.sizes.diskGiB, one.sizes.gpus || null)}
                </td>
                <td className="size" data-label="At most">
                  {sizeOf(one.sizes.maxCpu, one.sizes.maxMemoryGiB, one.sizes.maxDiskGiB, one.sizes.maxGpus)}
                </td>
                {writes && (
                  <td className="actions">
                    <button
                      type="button"
                      aria-label={`Tags of ${one.name}`}
                      onClick={() => setOpen({ dialog: 'tags', id: one.id })}
                    >
                      Tags
                    </button>
                    <More
                      of={one.name}
                      actions={[
                        { word: 'Change', onChoose: () => setOpen({ dialog: 'change', id: one.id }) },
                        ...(one.releaseImage
                          ? []
                          : [
                              {
                                word: 'Delete',
                                danger: true,
                                onChoose: () => setOpen({ dialog: 'delete', id: one.id }),
                              },
                            ]),
                      ]}
                    />
                  </td>
                )}
              </tr>
            ))}
          </Table>
          <ShowMore more={list.more} />
          <Registries of={sources} writes={writes} onChanged={registries.reload} change={registries.change} />
        </>
      )}
      {open?.dialog === 'add' && sources.length > 0 && (
        <AddImage registries={sources} onSaved={saved} onClose={close} />
      )}
      {open?.dialog === 'change' && image !== undefined && (
        <ChangeImage image={image} onSaved={saved} onClose={close} />
      )}
      {open?.dialog === 'tags' && image !== undefined && (
        <ImageTags image={image} onChanged={list.reload} onClose={close} />
      )}
      {open?.dialog === 'delete' && image !== undefined && (
        <Confirm
          title={`Delete ${image.name}?`}
          submit="Delete"
          onConfirm={() => siteApi.removeImage(image.id).then(list.reload)}
          onClose={close}
        >
          <p>Nobody can choose it any more. What lies in the registry stays there.</p>
        </Confirm>
      )}
    </PageBody>
  )
}

const tagsOf = ({ tags, defaultTag }: Image): string =>
  tags.map(({ tag }) => (tag === defaultTag && tags.length > 1 ? `${tag} (default)` : tag)).join(', ')

function sizeOf(cpu: number | null, memory: number | null, disk: number | null, gpus: number | null): string {
  const bounds = [
    cpu === null ? undefined : `${cpu} ${cpu === 1 ? 'core' : 'cores'}`,
    memory === null ? undefined : `${memory} GiB`,
    disk === null ? undefined : `${disk} GiB disk`,
    gpus === null ? undefined : `${gpus} ${gpus === 1 ? 'GPU' : 'GPUs'}`,
  ].filter((text) => text !== undefined)
  return bounds.length === 0 ? 'no bound' : bounds.join(' · ')
}
