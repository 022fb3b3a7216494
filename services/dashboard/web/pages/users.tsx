import { Failure } from '@sealift/web/parts/failure.tsx'
import { Field } from '@sealift/web/parts/field.tsx'
import { Form, type Values } from '@sealift/web/parts/form.tsx'
import { Modal } from '@sealift/web/parts/modal.tsx'
import { PageBody } from '@sealift/web/parts/page.tsx'
import { Table } from '@sealift/web/parts/table.tsx'
import { useState } from 'react'
import type { User } from '../api.ts'
import { may } from '../may.ts'
import { found } from '../paging.ts'
import { NewPassword } from '../parts/new-password.tsx'
import { Search } from '../parts/search.tsx'
import { ShowMore } from '../parts/show-more.tsx'
import { type SiteUser, siteApi, siteRoles } from '../site-api.ts'
import { day } from '../when.ts'
import { useList } from './use-list.ts'

/** Who may log in: adding people, their roles, deactivating them. */
export function UsersPage({ user }: { user: User }) {
  const [name, setName] = useState('')
  const { items: users, more, paged, error, reload, change } = useList<SiteUser>(found('/api/v0/users', name))
  const [adding, setAdding] = useState(false)
  const writes = may(user, 'users:write')

  const add = async ({ text }: Values): Promise<void> => {
    await siteApi.addUser({ username: text('username'), password: text('password'), role: 'site-member' })
    await reload()
    setAdding(false)
  }

  return (
    <PageBody
      title="Users"
      action={
        writes && (
          <button type="button" className="primary" onClick={() => setAdding(true)}>
            Add user
          </button>
        )
      }
    >
      <Failure error={error} />
      {paged && <Search label="Find a user" onSearch={setName} />}
      {users !== undefined && (
        <Table columns={['Name', 'Role', 'Since']} actions>
          {users.map((one) => (
            <tr key={one.id}>
              <th scope="row">
                {one.username}
                {!one.active && <span className="badge">Deactivated</span>}
              </th>
              <td>
                {user.role === 'site-admin' ? (
                  <select
                    aria-label={`Role of ${one.username}`}
                    value={one.role}
                    onChange={(event) => {
                      const role = event.currentTarget.value
                      void change(() => siteApi.changeUser(one.id, { role }))
                    }}
                  >
                    {siteRoles.map((role) => (
                      <option key={role}>{role}</option>
                    ))}
                  </select>
                ) : (
                  one.role
                )}
              </td>
              <td className="size">{day(one.createdAt)}</td>
              <td className="actions">
                {writes && one.id !== user.id && (
                  <button
                    type="button"
                    className="quiet"
                    aria-label={`${one.active ? 'Deactivate' : 'Activate'} ${one.username}`}
                    onClick={() => void change(() => siteApi.changeUser(one.id, { active: !one.active }))}
                  >
                    {one.active ? 'Deactivate' : 'Activate'}
                  </button>
                )}
              </td>
            </tr>
          ))}
        </Table>
      )}
      <ShowMore more={more} />
      {adding && (
        <Modal title="Add user" onClose={() => setAdding(false)}>
          <Form submit="Add" onSubmit={add} onCancel={() => setAdding(false)}>
            <Field label="Name" name="username" required autoFocus autoComplete="off" maxLength={32} />
            <NewPassword label="Password" hint="; they can change it." />
          </Form>
        </Modal>
      )}
    </PageBody>
  )
}
