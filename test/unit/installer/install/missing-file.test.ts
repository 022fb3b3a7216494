import assert from 'node:assert/strict'
import { test } from 'node:test'
import { small } from '../../../../installer/src/install/small-file.ts'

test('of an upload that the wizard removed it is said that it is to be named anew', () => {
  const key = '/home/op/.local/state/sealift/install/session-1/uploads/tls-keyFile-12345678-cde.key'
  assert.throws(() => small(key, 'tls.keyFile'), { code: 'USAGE_ANSWERS', fix: /^the wizard keeps .* name or upload/ })
  assert.throws(() => small('/none/cde.key', 'tls.keyFile'), { fix: 'ls -l /none/cde.key' })
})
