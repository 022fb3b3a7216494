import { Failure } from '@sealift/web/parts/failure.tsx'
import { Choice, Field } from '@sealift/web/parts/field.tsx'
import { Form, type Values } from '@sealift/web/parts/form.tsx'
import { PagePart } from '@sealift/web/parts/page.tsx'
import { useState } from 'react'
import { Entries } from '../parts/entries.tsx'
import { type ApiKey, siteApi } from '../site-api.ts'
import { day } from '../when.ts'
import type { Loaded } from './use-loaded.ts'

/** What most keys are for; the API knows more scopes. */
const offered: [string, string[]][] = [
  ['Read workspaces', ['workspaces:read', 'account:read', 'images:read']],
  [
    'Create and change workspaces',
    ['workspaces:read', 'workspaces:create', 'workspaces:write', 'account:read', 'images:read'],
  ],
]

/** Keys for scripts. A new one is shown once. */
export function ApiKeys({ loaded }: { loaded: Loaded<ApiKey[]> }) {
  const { value = [], error, reload, change } = loaded
  const [token, setToken] = useState<string>()
  const add = async ({ text, number }: Values): Promise<void> => {
    setToken(undefined)
    const scopes = offered[number('scopes')]?.[1] ?? []
    setToken((await siteApi.addApiKey({ name: text('name'), scopes, days: number('days') })).token)
    await reload()
  }
  return (
    <PagePart title="API keys">
      <Failure error={error} />
      <Entries
        of={value}
        keyOf={({ id }) => id}
        nameOf={({ name }) => name}
        verb="Delete"
        onRemove={({ id }) => void change(() => siteApi.removeApiKey(id))}
      >
        {({ name, expiresAt, lastUsedAt }) => (
          <>
            <strong>{name}</strong>{' '}
            <span className="size">
              until {day(expiresAt)}, {lastUsedAt === null ? 'never used' : `used ${day(lastUsedAt)}`}
            </span>
          </>
        )}
      </Entries>
      {token !== undefined && (
        <p role="status" className="token">
          Copy it now, it is not shown again: <code>{token}</code>
        </p>
      )}
      <Form submit="Make key" onSubmit={add}>
        <div className="fields fields-wide">
          <Field label="Name" name="name" required maxLength={64} autoComplete="off" />
          <Field label="Days" name="days" type="number" min={1} max={366} defaultValue={90} required />
          <Choice label="May" name="scopes" options={offered.map(([label], index) => [index, label])} />
        </div>
      </Form>
    </PagePart>
  )
}
