import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loginError } from '../../../../services/dashboard/web/pages/login-error.ts'

test('why a login did not work is said in our own words, and nothing that an address makes up', () => {
  const upgrade = loginError('?login_error=UPGRADE_READ_ONLY')
  assert.match(upgrade?.message ?? '', /being upgraded/)
  for (const search of ['', '?login_error=', '?login_error=toString', '?login_error=Call%20555'])
    assert.equal(loginError(search), undefined)
})
