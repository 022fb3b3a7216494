import assert from 'node:assert/strict'
import { test } from 'node:test'
import { planAllowlist } from '../../../../../installer/src/upgrade/plan/allowlist.ts'
import { endpoint, listOf } from '../../allowlist/facts.ts'

test('the plan of an upgrade says what the firewall to the internet opens and closes, and nothing of the site itself', () => {
  const before = listOf([
    endpoint({ id: 'old', host: 'old.example' }),
    endpoint({ id: 'db', host: 'db.bank.example', at: 'site' }),
  ])
  const after = listOf([
    endpoint({ id: 'new', host: 'new.example', required: false }),
    endpoint({ id: 'sso', host: 'sso.bank.example', at: 'site' }),
  ])
  const { why } = endpoint({ id: 'any' })
  assert.deepEqual(planAllowlist(before, after), {
    open: [{ address: 'https://new.example:443', id: 'new', from: ['pods'], why, required: false }],
    close: [{ address: 'https://old.example:443', id: 'old', from: ['pods'], why, required: true }],
  })
  assert.deepEqual(planAllowlist(after, after), { open: [], close: [] })
})
