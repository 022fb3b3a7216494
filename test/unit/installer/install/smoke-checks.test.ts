import assert from 'node:assert/strict'
import { test } from 'node:test'
import { smokeChecks } from '../../../../installer/src/install/smoke-check.ts'

const checked = (answers: { devUrlsHost?: string; editorsHost?: string }) =>
  smokeChecks({ host: 'cde.example', ...answers }).map(({ host, path }) => host + path)

test('what workspaces answer is reached at its own host, where the site has one', () => {
  const site = ['cde.example/', 'cde.example/api/v0/me', 'cde.example/proxy/workspaces/0000000000/shell']
  assert.deepEqual(checked({}), site)
  assert.deepEqual(checked({ devUrlsHost: 'dev.example' }), [...site, 'ide-0000000000.dev.example/'])
  assert.deepEqual(checked({ editorsHost: 'ide.example' }), [...site, 'ide.example/0000000000/'])
})
