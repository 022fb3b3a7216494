import { Field } from '@sealift/web/parts/field.tsx'
import { Form } from '@sealift/web/parts/form.tsx'
import { Modal } from '@sealift/web/parts/modal.tsx'
import { type Amounts, type Limits, type Organization, siteApi } from '../site-api.ts'

export const amounts: [keyof Amounts, string][] = [
  ['cpu', 'Cores'],
  ['memoryGiB', 'Memory (GiB)'],
  ['diskGiB', 'Disk (GiB)'],
  ['gpus', 'GPUs'],
  ['workspaces', 'Workspaces'],
]
const perWorkspace = amounts.filter(([name]) => name !== 'workspaces') as [keyof Limits, string][]

type Props = { organization: Organization; onSaved: () => Promise<void>; onClose: () => void }

/** Sets what an organization's workspaces may use together, and each one of them. */
export function OrganizationBounds({ organization: { id, name, quota, limits }, onSaved, onClose }: Props) {
  const fields = (of: [string, string][], now: Partial<Record<string, number | null>>, prefix = '') => (
    <div className="fields">
      {of.map(([field, label]) => {
        const step = field === 'cpu' ? 0.25 : 1
        return (
          <Field
            key={field}
            label={label}
            name={prefix + field}
            type="number"
            // nothing at all is a quota, but no size of a workspace
            min={prefix === '' || field === 'gpus' ? 0 : step}
            step={step}
            defaultValue={now[field] ?? ''}
          />
        )
      })}
    </div>
  )
  return (
    <Modal title={`Quota of ${name}`} onClose={onClose}>
      <Form
        submit="Save"
        onCancel={onClose}
        onSubmit={async ({ amount }) => {
          const read = (of: [string, string][], prefix: string) =>
            Object.fromEntries(of.map(([field]) => [field, amount(prefix + field)]))
          const bounds = { quota: read(amounts, '') as Amounts, limits: read(perWorkspace, 'limit-') as Limits }
          await siteApi.setBounds(id, bounds)
          await onSaved()
        }}
      >
        <fieldset>
          <legend>All workspaces together; cores, memory and GPUs count while one is on. Empty: no bound</legend>
          {fields(amounts, quota)}
        </fieldset>
        <fieldset>
          <legend>Each workspace. Empty: no bound</legend>
          {fields(perWorkspace, limits, 'limit-')}
        </fieldset>
      </Form>
    </Modal>
  )
}
