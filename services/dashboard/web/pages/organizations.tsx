import { Failure } from '@sealift/web/parts/failure.tsx'
import { Field } from '@sealift/web/parts/field.tsx'
import { Form } from '@sealift/web/parts/form.tsx'
import { Modal } from '@sealift/web/parts/modal.tsx'
import { PageBody } from '@sealift/web/parts/page.tsx'
import { Table } from '@sealift/web/parts/table.tsx'
import { useState } from 'react'
import type { User } from '../api.ts'
import { may, mayIn } from '../may.ts'
import { ShowMore } from '../parts/show-more.tsx'
import { type Organization, siteApi } from '../site-api.ts'
import { Members } from './members.tsx'
import { amounts, OrganizationBounds } from './organization-bounds.tsx'
import { useList } from './use-list.ts'

type Open = { dialog: 'add' } | { dialog: 'bounds' | 'members'; organization: Organization }

/** Organizations: what their workspaces use, the bounds of that, and who belongs to them. */
export function OrganizationsPage({ user }: { user: User }) {
  // a page as small as what it asks for each of them
  const { items: list, more, error, reload } = useList('/api/v0/organizations?limit=25', siteApi.organizations)
  const [open, setOpen] = useState<Open>()
  const writes = may(user, 'organizations:write')
  const close = () => setOpen(undefined)
  const saved = (): Promise<void> => reload().then(close)

  return (
    <PageBody
      title="Organizations"
      action={
        writes && (
          <button type="button" className="primary" onClick={() => setOpen({ dialog: 'add' })}>
            Add organization
          </button>
        )
      }
    >
      <Failure error={error} />
      {list !== undefined && (
        <Table columns={['Name', ...amounts.map(([, label]) => label)]} actions>
          {list.map((one) => (
            <tr key={one.id}>
              <th scope="row">{one.name}</th>
              {amounts.map(([name, label]) => (
                <td className="size" key={name} data-label={label}>
                  {one.usage?.[name] ?? 0}
                  {one.quota[name] === null ? '' : ` of ${one.quota[name]}`}
                </td>
              ))}
              <td className="actions">
                {mayIn(one.id, user, 'members:read') && (
                  <button
                    type="button"
                    aria-label={`Members of ${one.name}`}
                    onClick={() => setOpen({ dialog: 'members', organization: one })}
                  >
                    Members
                  </button>
                )}
                {writes && (
                  <button
                    type="button"
                    aria-label={`Quota of ${one.name}`}
                    onClick={() => setOpen({ dialog: 'bounds', organization: one })}
                  >
                    Quota
                  </button>
                )}
              </td>
            </tr>
          ))}
        </Table>
      )}
      <ShowMore more={more} />
      {open?.dialog === 'add' && (
        <Modal title="Add organization" onClose={close}>
          <Form
            submit="Add"
            onCancel={close}
            onSubmit={({ text }) => siteApi.addOrganization(text('name')).then(saved)}
          >
            <Field label="Name" name="name" required autoFocus autoComplete="off" maxLength={40} />
          </Form>
        </Modal>
      )}
      {open?.dialog === 'bounds' && (
        <OrganizationBounds organization={open.organization} onSaved={saved} onClose={close} />
      )}
      {open?.dialog === 'members' && <Members organization={open.organization} user={user} onClose={close} />}
    </PageBody>
  )
}
