import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { after, before, test } from 'node:test'
import { issueLicense } from '@sealift/bundle-spec/license.ts'
import { storeInitialLicense } from '../../../services/manager/licensing.ts'
import { type Postgres, startPostgres } from '../postgres.ts'
import { licensePublicKey, newSite, password, type Site } from './site.ts'

let postgres: Postgres
before(async () => {
  postgres = await startPostgres()
})
after(() => postgres.stop())

const day = 86_400
const free = { tier: 'free', features: { airgap: false, seats: 5 } } as const

async function admin(site: Site): Promise<string> {
  await site.user('root', 'site-admin')
  return await site.logIn('root')
}
const initial = async (site: Site, token: string) =>
  storeInitialLicense(site.database, token, [licensePublicKey], site.time.now)

/** Asks everything that air-gapped mode needs a license for, and says with which codes it was refused. */
async function refusals(site: Site, token: string): Promise<Set<string>> {
  const codes = new Set<string>()
  for (const [method, url, body] of [
    ['GET', '/api/v0/workspaces'],
    ['POST', '/api/v0/workspaces', { name: 'harbour', cpu: 1, memoryGiB: 1, diskGiB: 1 }],
    ['GET', '/api/v0/workspaces/aaaaaaaaaa'],
    ['DELETE', '/api/v0/workspaces/aaaaaaaaaa'],
    ['POST', '/api/v0/workspaces/aaaaaaaaaa/start'],
    ['POST', '/api/v0/workspaces/aaaaaaaaaa/tickets', { port: 26337 }],
  ] as [string, string, object?][]) {
    const answer = await site.call(token, method, url, body)
    codes.add(answer.statusCode === 402 ? answer.json().code : `status ${answer.statusCode}`)
  }
  return codes
}

for (const [what, change, code] of [
  ['a free license', free, 'LICENSE_AIRGAP'],
  ['an expired license', { license_expires: 1, exp: 2 }, 'LICENSE_EXPIRED'],
  ['no license', undefined, 'LICENSE_MISSING'],
] as const)
  test(`air-gapped with ${what}: everything is refused, but an admin logs in and uploads a good one`, async (t) => {
    const site = await newSite(t, postgres, 'airgapped')
    if (change !== undefined) await initial(site, await site.license(change))
    const token = await admin(site)
    assert.deepEqual(await refusals(site, token), new Set([code]))
    for (const url of ['/healthz', '/livez', '/auth/jwks', '/api/v0/me', '/api/v0/license'])
      assert.equal((await site.call(token, 'GET', url)).statusCode, 200, url)
    assert.equal((await site.call(token, 'POST', '/auth/logout')).statusCode, 204)
    const again = await site.logIn('root')
    const uploaded = await site.call(again, 'PUT', '/api/v0/license', { license: await site.license() })
    assert.deepEqual([uploaded.statusCode, uploaded.json().standing], [200, 'entitled'])
    assert.equal((await site.call(again, 'GET', '/api/v0/workspaces')).statusCode, 200)
  })

test('the license page says what the license allows and why it is refused', async (t) => {
  const site = await newSite(t, postgres, 'airgapped')
  const token = await admin(site)
  await initial(site, await site.license({ ...free, customer: 'Pier' }))
  const shown = (await site.call(token, 'GET', '/api/v0/license')).json()
  assert.deepEqual(
    [
      shown.mode,
      shown.standing,
      shown.claims.customer,
      shown.claims.features.seats,
      shown.refusal.code,
      shown.daysLeft,
    ],
    ['airgapped', 'entitled', 'Pier', 5, 'LICENSE_AIRGAP', 99],
  )
})

test('the metrics say when the license that counts ends, and where it stands', async (t) => {
  const site = await newSite(t, postgres, 'airgapped')
  const token = await admin(site)
  const ends = async (of = site) =>
    [...(await of.app.inject({ url: '/metrics' })).body.matchAll(/^cde_license_end_seconds\{(.*)\} (\d+)$/gm)].map(
      ([, labels, value]) => `${labels} ${value}`,
    )
  assert.deepEqual(await ends(await newSite(t, postgres, 'airgapped')), [])
  await initial(site, await site.license({ ...free, id: 'one', license_expires: 9_000_000_000, exp: 9_000_000_001 }))
  const labels = (id: string, tier: string, standing: string) => `license="${id}",tier="${tier}",standing="${standing}"`
  assert.deepEqual(await ends(), [
    `${labels('one', 'free', 'refused')},of="term" 9000000000`,
    `${labels('one', 'free', 'refused')},of="grace" 9000000001`,
  ])
  const license = await site.license({ id: 'two', license_expires: 8_000_000_000, exp: 8_000_000_001 })
  assert.equal((await site.call(token, 'PUT', '/api/v0/license', { license })).statusCode, 200)
  assert.match((await ends())[0] ?? '', /^license="two",tier="enterprise",standing="entitled",of="term" 8000000000$/)
})

test('a license is checked before it is stored', async (t) => {
  const site = await newSite(t, postgres, 'airgapped')
  const token = await admin(site)
  const good = await site.license()
  const other = generateKeyPairSync('ed25519').privateKey
  const claims = JSON.parse(Buffer.from(good.split('.')[1] ?? '', 'base64url').toString())
  const cases: [string, number, string][] = [
    ['nonsense', 400, 'LICENSE_MALFORMED'],
    [await issueLicense(claims, other), 400, 'LICENSE_FORGED'],
    [await site.license(free), 402, 'LICENSE_AIRGAP'],
    [await site.license({ license_expires: 1, exp: 2 }), 402, 'LICENSE_EXPIRED'],
  ]
  for (const [license, status, code] of cases) {
    const answer = await site.call(token, 'PUT', '/api/v0/license', { license })
    assert.deepEqual([answer.statusCode, answer.json().code], [status, code])
    assert.ok(!answer.body.includes(license.slice(-20)) || license === 'nonsense', 'the answer does not repeat it')
  }
  assert.equal((await site.database.query('SELECT 1 FROM licenses')).rowCount, 0)
  await site.user('ada')
  const member = await site.logIn('ada')
  assert.equal((await site.call(member, 'PUT', '/api/v0/license', { license: good })).json().code, 'AUTH_FORBIDDEN')
  assert.equal((await site.call(token, 'PUT', '/api/v0/license', { license: `${good}\n` })).statusCode, 200)
})

test('the best of several licenses wins: entitled before grace before expired', async (t) => {
  const site = await newSite(t, postgres, 'airgapped')
  const token = await admin(site)
  const now = Math.floor(site.time.now / 1000)
  const upload = async (change: object) => {
    const license = await site.license(change)
    const answer = await site.call(token, 'PUT', '/api/v0/license', { license })
    site.time.now += 1
    return answer.json()
  }
  await upload({ id: 'first', license_expires: now + 10 * day, exp: now + 20 * day })
  const second = await upload({ id: 'grace', license_expires: now - day, exp: now + 30 * day })
  assert.equal(second.claims.id, 'first', 'a newer one in grace does not displace it')
  assert.equal((await upload({ id: 'newest' })).claims.id, 'newest', 'of two that are equally good the newest counts')
  await site.database.query(`DELETE FROM licenses WHERE uploaded_at = (SELECT max(uploaded_at) FROM licenses)`)
  site.time.now += 15 * day * 1000
  await new Promise((resolve) => setTimeout(resolve, 1_100))
  const later = (await site.call(await site.logIn('root'), 'GET', '/api/v0/license')).json()
  assert.deepEqual([later.claims.id, later.standing], ['grace', 'grace'])
})

test('a renewal may be uploaded before its term begins', async (t) => {
  const site = await newSite(t, postgres, 'airgapped')
  const token = await admin(site)
  const now = Math.floor(site.time.now / 1000)
  await site.call(token, 'PUT', '/api/v0/license', { license: await site.license({ id: 'now' }) })
  const renewal = await site.license({ id: 'next', nbf: now + 50 * day })
  const answer = await site.call(token, 'PUT', '/api/v0/license', { license: renewal })
  assert.deepEqual([answer.statusCode, answer.json().claims.id], [200, 'now'])
})

test('a site whose images come from a registry of its own needs the right to it, whatever mode it states', async (t) => {
  for (const mode of ['connected', 'restricted'] as const) {
    const pulls = [{ from: '10.0.0.5:5000/cde/workspace', published: 'registry.example/cde/workspace' }]
    const site = await newSite(t, postgres, { act: 'run', mode, pulls })
    const token = await admin(site)
    assert.deepEqual(await refusals(site, token), new Set(['LICENSE_MISSING']))
    await initial(site, await site.license(free))
    // the list of stored licenses is remembered for a second
    const uploaded = await site.call(token, 'PUT', '/api/v0/license', { license: await site.license(free) })
    assert.deepEqual([uploaded.statusCode, uploaded.json().code], [402, 'LICENSE_AIRGAP'])
    assert.match(uploaded.json().why, /10\.0\.0\.5:5000\/cde\/workspace, and are published as registry\.example/)
    const again = await site.logIn('root')
    const good = await site.call(again, 'PUT', '/api/v0/license', { license: await site.license() })
    assert.deepEqual([good.statusCode, good.json().mode], [200, 'airgapped'])
    assert.equal((await site.call(again, 'GET', '/api/v0/workspaces')).statusCode, 200)
  }
})

test('connected and restricted sites work without a license, and with an expired one', async (t) => {
  for (const mode of ['connected', 'restricted'] as const) {
    const site = await newSite(t, postgres, mode)
    const token = await admin(site)
    assert.equal((await site.call(token, 'GET', '/api/v0/workspaces')).statusCode, 200)
    await initial(site, await site.license({ license_expires: 1, exp: 2 }))
    assert.equal((await site.call(token, 'GET', '/api/v0/workspaces')).statusCode, 200)
    assert.equal(
      (
        await site.app.inject({
          method: 'POST',
          url: '/auth/basic/login',
          payload: { username: 'root', password },
        })
      ).statusCode,
      200,
    )
  }
})
