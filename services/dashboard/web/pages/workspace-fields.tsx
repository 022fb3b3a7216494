import { Choice, Field } from '@sealift/web/parts/field.tsx'
import type { Values } from '@sealift/web/parts/form.tsx'
import { useState } from 'react'
import type { Workspace, WorkspaceWish } from '../api.ts'
import type { Image } from '../site-api.ts'
import { autoOffChoices } from './auto-off.ts'

type Props = {
  images: readonly Image[] /** the one that is changed; absent: a new one is asked for */
  workspace?: Workspace
}

/** What people choose of a workspace: image, tag, size, and when it stops by itself. */
export function WorkspaceFields({ images, workspace }: Props) {
  const usable = images.filter(({ id, deprecated }) => !deprecated || id === workspace?.imageId)
  const first =
    workspace === undefined ? (usable.find(({ releaseImage }) => releaseImage) ?? usable[0])?.id : workspace.imageId
  const [chosen, setChosen] = useState(first ?? '')
  const image = usable.find(({ id }) => id === chosen)
  const same = workspace !== undefined && chosen === (workspace.imageId ?? '')
  const tag = same ? (workspace.tag ?? '') : (image?.defaultTag ?? '')
  const tags = new Set([...(tag === '' ? [] : [tag]), ...(image?.tags.map((one) => one.tag) ?? [])])
  const sizes = workspace ?? image?.sizes

  return (
    <>
      <div className="fields fields-wide">
        <Choice
          label="Image"
          name="image"
          value={chosen}
          onChange={(event) => setChosen(event.currentTarget.value)}
          options={[
            ...(chosen === '' ? [['', 'As it is'] as const] : []),
            ...usable.map(({ id, name, deprecated }) => [id, deprecated ? `${name} (deprecated)` : name] as const),
          ]}
        />
        <Choice key={chosen} label="Tag" name="tag" defaultValue={tag} options={[...tags].map((one) => [one, one])} />
      </div>
      {/* another image has other defaults, but no say in a size that somebody has */}
      <div className="fields" key={workspace === undefined ? chosen : 'kept'}>
        <Field
          label="Cores"
          name="cpu"
          type="number"
          min={0.25}
          max={image?.sizes.maxCpu ?? 64}
          step={0.25}
          defaultValue={sizes?.cpu}
          required
        />
        <Field
          label="Memory (GiB)"
          name="memoryGiB"
          type="number"
          min={1}
          max={image?.sizes.maxMemoryGiB ?? 512}
          defaultValue={sizes?.memoryGiB}
          required
        />
        <Field
          label="Disk (GiB)"
          name="diskGiB"
          type="number"
          // a disk grows, but never shrinks, whatever the image says by now
          min={workspace?.diskGiB ?? 1}
          max={Math.max(image?.sizes.maxDiskGiB ?? 4096, workspace?.diskGiB ?? 1)}
          defaultValue={sizes?.diskGiB}
          required
        />
        <Field
          label="GPUs"
          name="gpus"
          type="number"
          min={0}
          max={image?.sizes.maxGpus ?? 64}
          defaultValue={sizes?.gpus}
          required
        />
      </div>
      <Choice
        label="Turn off when nobody uses it"
        name="autoOff"
        defaultValue={workspace?.autoOffMinutes ?? ''}
        options={autoOffChoices(workspace?.autoOffMinutes ?? null)}
      />
    </>
  )
}

/** What was chosen, for the API. */
export function wishOf({ text, number, amount }: Values): WorkspaceWish {
  return {
    ...(text('image') === '' ? {} : { image: text('image') }),
    ...(text('tag') === '' ? {} : { tag: text('tag') }),
    cpu: number('cpu'),
    memoryGiB: number('memoryGiB'),
    diskGiB: number('diskGiB'),
    gpus: number('gpus'),
    autoOffMinutes: amount('autoOff'),
  }
}
