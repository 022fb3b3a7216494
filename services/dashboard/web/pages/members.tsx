import { useCallback } from 'react'
import { organizationRoles } from '../../../manager/permissions.ts'
import type { User } from '../api.ts'
import { mayIn } from '../may.ts'
import { Entries } from '../parts/entries.tsx'
import { Failure } from '../parts/failure.tsx'
import { Choice } from '../parts/field.tsx'
import { Form } from '../parts/form.tsx'
import { Modal } from '../parts/modal.tsx'
import { type Organization, siteApi } from '../site-api.ts'
import { useLoaded } from './use-loaded.ts'

type Props = { organization: Organization; user: User; onClose: () => void }

/** Who belongs to an organization, in which role. */
export function Members({ organization: { id, name }, user, onClose }: Props) {
  const load = useCallback(async () => {
    const [members, users] = await Promise.all([siteApi.members(id), siteApi.users()])
    return { members, users }
  }, [id])
  const { value, error, reload, change } = useLoaded(load)
  const writes = mayIn(id, user, 'members:write')
  return (
    <Modal title={`Members of ${name}`} onClose={onClose}>
      <Failure error={error} />
      <Entries
        of={value?.members ?? []}
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
      {writes && value !== undefined && (
        <Form
          submit="Save"
          onCancel={onClose}
          cancel="Close"
          onSubmit={({ text }) => siteApi.putMember(id, text('user'), text('role')).then(reload)}
        >
          <div className="fields fields-wide">
            {/* who may not list all users still sees those who are members */}
            <Choice
              label="User"
              name="user"
              options={[...new Map([...value.users, ...value.members].map((one) => [one.id, one.username]))]}
            />
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
