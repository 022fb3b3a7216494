import assert from 'node:assert/strict'
import { test } from 'node:test'
import { browserName } from '../../../../services/dashboard/web/browser-name.ts'
import { may, mayIn } from '../../../../services/dashboard/web/may.ts'
import { autoOffChoices, idleness } from '../../../../services/dashboard/web/pages/auto-off.ts'
import { licenseWarnings } from '../../../../services/dashboard/web/pages/license-warnings.ts'

test('a session is called by the browser and system that people know', () => {
  const chrome = 'AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36'
  for (const [userAgent, name] of [
    ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox on Linux'],
    [`Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${chrome}`, 'Chrome on Windows'],
    [`Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${chrome} Edg/140.0.0.0`, 'Edge on Windows'],
    [`Mozilla/5.0 (Linux; Android 10; K) ${chrome}`, 'Chrome on Android'],
    ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605 Version/18.0 Safari/605', 'Safari on macOS'],
    ['curl/8.14.1', 'curl'],
    ['x'.repeat(200), 'x'.repeat(40)],
    [null, 'Unknown program'],
  ] as const)
    assert.equal(browserName(userAgent), name)
})

test('what a role allows in one organization is not offered in another', () => {
  const ada = { id: 'a', username: 'ada', role: 'site-member', organizations: { one: 'organization-admin' } } as const
  assert.deepEqual([may(ada, 'members:write'), may(ada, 'images:write'), may(ada, 'images:read')], [true, false, true])
  assert.deepEqual([mayIn('one', ada, 'members:write'), mayIn('two', ada, 'members:write')], [true, false])
  const eye = { ...ada, role: 'site-auditor' } as const
  assert.deepEqual([may(eye, 'audit:read'), mayIn('two', eye, 'members:read')], [true, true])
})

test('idleness is said in hours where it can be, and a time that nobody offers stays a choice', () => {
  assert.deepEqual([null, 1, 60, 90, 1440].map(idleness), [
    'Never',
    'After 1 minute',
    'After 1 hour',
    'After 90 minutes',
    'After 24 hours',
  ])
  assert.deepEqual(autoOffChoices(45).at(-1), ['45', 'After 45 minutes'])
  assert.equal(autoOffChoices(30).length, autoOffChoices(null).length)
})

test('a license warns from 29 days before its end, in grace, and of seats; an expired one says so elsewhere', () => {
  const claims = {
    id: 'L',
    customer: 'C',
    tier: 'enterprise',
    features: { airgap: true, seats: 2 },
    nbf: 0,
    license_expires: 1,
    exp: 2,
  }
  const license = { mode: 'airgapped', standing: 'entitled', claims, seatsUsed: 2, daysLeft: 30 } as const
  assert.deepEqual(licenseWarnings(license), [])
  assert.match(licenseWarnings({ ...license, daysLeft: 29 }).join(), /ends in 29 days/)
  assert.match(licenseWarnings({ ...license, standing: 'grace', daysLeft: -1 }).join(), /grace period runs/)
  assert.match(licenseWarnings({ ...license, seatsUsed: 3 }).join(), /3 people may log in, and the license has 2 seats/)
  assert.deepEqual(licenseWarnings({ ...license, standing: 'expired', daysLeft: -99 }), [])
})
