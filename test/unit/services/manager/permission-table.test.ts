import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { grantOf, type Permission, permissions } from '../../../../services/manager/permissions.ts'

test('the table of permissions in docs/platform.md is the one that the manager uses', async () => {
  const text = await readFile(new URL('../../../../docs/platform.md', import.meta.url), 'utf8')
  const written = [...text.matchAll(/^\| `([a-z-]+:[a-z]+)` \|(.*)\|$/gm)].map(([, name = '', cells = '']) => {
    const [, site, organization, owner, key] = cells.split('|').map((cell) => cell.trim())
    return { name, site, organization, owner, key }
  })
  const short = (roles: readonly string[] = []) => roles.map((role) => role.replace(/^\w+-/, '')).join(', ')
  const names = (Object.keys(permissions) as Permission[]).filter((name) => name.includes(':'))
  const used = names.map((name) => {
    const { site, organization, owner, session } = grantOf(name)
    return {
      name,
      site: short(site),
      organization: short(organization),
      owner: owner === true ? 'yes' : '',
      key: session === true ? 'no' : 'yes',
    }
  })
  assert.deepEqual(written, used)
})
