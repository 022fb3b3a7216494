import { Failure } from '@sealift/web/parts/failure.tsx'
import { Choice, Field } from '@sealift/web/parts/field.tsx'
import { Form } from '@sealift/web/parts/form.tsx'
import { Modal } from '@sealift/web/parts/modal.tsx'
import { useState } from 'react'
import { organizationRoles } from '../../../manager/permissions.ts'
import type { User } from '../api.ts'
import { mayIn } from '../may.ts'
import { found } from '../paging.ts'
import { Entries } from '../parts/entries.tsx'
import { Search } from '../parts/search.tsx'
import { ShowMore } from '../parts/show-more.tsx'
import { type Member, type Organization, siteApi } from '../site-api.ts'
import { useList } from './use-list.ts'

type Props = { organization: Organization; user: User; onClose: () => void }

/** Who belongs to an organization, in which role. */
export function Members({ organization: { id, name }, user, onClose }: Props) {
  const [part, setPart] = useState('')
  const { items, more, paged, error, reload, change } = useList<Member>(
    found(`/api/v0/organizations/${id}/members`, part),
  )
  const writes = mayIn(id, user, 'members:write')
  return (
    <Modal title={`Members of ${name}`} onClose={onClose}>
      <Failure error={error} />
      {paged && <Search label="Find a member" onSearch={setPart} />}
      <Entries
        of={items ?? []}
        keyOf={(one) => one.id}
        nameOf={({ username }) => username}
        verb="Remove"
        stays={() => !writes}
        onRemove={(one) => void change(() => siteApi.removeMember(id, one.id))}
      >
        {({ username, role }) => (
          <>
            <strong>{username}</strong> <span className="size">{role}</span>
          </>
        )}
      </Entries>
      <ShowMore more={more} />
      {writes && items !== undefined && (
        <Form
          submit="Save"
          onCancel={onClose}
          cancel="Close"
          onSubmit={async ({ text }) => {
            const { id: member } = await siteApi.findUser(text('user').trim())
            await siteApi.putMember(id, member, text('role'))
            await reload()
          }}
        >
          <div className="fields fields-wide">
            <Field label="Login name" name="user" required autoComplete="off" spellCheck={false} maxLength={64} />
            <Choice
              label="Role"
              name="role"
              defaultValue="organization-member"
              options={organizationRoles.map((role) => [role, role])}
            />
          </div>
        </Form>
      )}
      {!writes && (
        <div className="buttons">
          <button type="button" onClick={onClose}>
            Close
          </button>
        </div>
      )}
    </Modal>
  )
}
