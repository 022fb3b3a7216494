import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { apiKeysPerUser } from '../../../services/manager/api-keys.ts'
import { type Postgres, startPostgres } from '../postgres.ts'
import { pagesOf } from './pages.ts'
import { newSite, password, type Site } from './site.ts'

let postgres: Postgres
before(async () => {
  postgres = await startPostgres()
})
after(() => postgres.stop())

const size = { cpu: 1, memoryGiB: 1, diskGiB: 1 }
const newKey = async (site: Site, token: string, scopes: string[], days = 1) =>
  (await site.call(token, 'POST', '/api/v0/api-keys', { name: 'ci', scopes, days })).json()

test('an API key does what its scopes name and no more, until it expires or goes', async (t) => {
  const site = await newSite(t, postgres)
  await site.user('ada')
  const token = await site.logIn('ada')
  const key = await newKey(site, token, ['workspaces:read', 'workspaces:create'], 2)
  assert.match(key.token, /^cde_[\w-]{43}$/)
  assert.equal((await site.call(key.token, 'POST', '/api/v0/workspaces', { name: 'a', ...size })).statusCode, 201)
  const [workspace] = (await site.call(key.token, 'GET', '/api/v0/workspaces')).json()
  const bearer = await site.app.inject({ url: '/api/v0/workspaces', headers: { authorization: `Bearer ${key.token}` } })
  assert.equal(bearer.statusCode, 200)
  const remove = await site.call(key.token, 'DELETE', `/api/v0/workspaces/${workspace.id}`)
  assert.deepEqual([remove.statusCode, remove.json().code], [403, 'AUTH_SCOPE'])
  site.time.now += 2 * 86_400_000
  assert.equal((await site.call(key.token, 'GET', '/api/v0/workspaces')).statusCode, 401, 'it has expired')
  const fresh = await site.logIn('ada')
  const second = await newKey(site, fresh, ['workspaces:read'])
  assert.equal((await site.call(fresh, 'DELETE', `/api/v0/api-keys/${second.id}`)).statusCode, 204)
  assert.equal((await site.call(second.token, 'GET', '/api/v0/workspaces')).statusCode, 401)
})

test('an API key makes no other key, reads no sessions and sets no password, and is nobody else’s', async (t) => {
  const site = await newSite(t, postgres)
  const ada = await site.user('ada')
  await site.user('bob')
  const token = await site.logIn('ada')
  const key = await newKey(site, token, ['workspaces:read', 'account:read'])
  for (const scope of ['api-keys:write', 'users:password', 'sessions:write', 'internal', 'anyone', 'nonsense'])
    assert.equal((await newKey(site, token, [scope])).code, 'INPUT_INVALID', scope)
  for (const [method, url, body] of [
    ['POST', '/api/v0/api-keys', { name: 'x', scopes: ['workspaces:read'], days: 1 }],
    ['GET', `/api/v0/users/${ada.id}/sessions`],
    ['PUT', `/api/v0/users/${ada.id}/password`, { password: 'another horse', current: password }],
  ] as const)
    assert.equal((await site.call(key.token, method, url, body)).json().code, 'AUTH_SESSION_NEEDED', url)
  const bob = await site.logIn('bob')
  assert.equal((await site.call(bob, 'DELETE', `/api/v0/api-keys/${key.id}`)).statusCode, 404)
  assert.deepEqual((await site.call(bob, 'GET', '/api/v0/api-keys')).json(), [])
  const cookie = await site.app.inject({ url: '/api/v0/me', headers: { cookie: `__Host-session_token=${key.token}` } })
  assert.equal(cookie.statusCode, 401, 'a key is no cookie')
})

test('a key is shown once and stored as a hash, is counted, and its last use is noted', async (t) => {
  const site = await newSite(t, postgres)
  await site.user('ada')
  const token = await site.logIn('ada')
  const key = await newKey(site, token, ['account:read'])
  await site.call(key.token, 'GET', '/api/v0/me')
  const list = await site.call(token, 'GET', '/api/v0/api-keys')
  assert.equal(list.json()[0].lastUsedAt, new Date(site.time.now).toISOString())
  const stored = JSON.stringify((await site.database.query('SELECT * FROM api_keys, audit')).rows)
  for (const text of [list.body, stored]) assert.ok(!text.includes(key.token.slice(4)))
  for (let index = 1; index < apiKeysPerUser; index++) await newKey(site, token, ['account:read'])
  assert.equal((await newKey(site, token, ['account:read'])).code, 'KEY_LIMIT')
})

test('each change leaves who, what, when and from where, no secret, and auditors alone read it', async (t) => {
  const site = await newSite(t, postgres)
  const root = await site.user('root', 'site-admin')
  await site.user('eye', 'site-auditor')
  await site.user('ada')
  const [admin, auditor, member] = [await site.logIn('root'), await site.logIn('eye'), await site.logIn('ada')]
  const secret = 'very secret phrase'
  const created = await site.app.inject({
    method: 'POST',
    url: '/api/v0/users',
    headers: { 'session-token': admin, 'x-forwarded-for': '6.6.6.6, 192.0.2.7' },
    payload: { username: 'bob', password: secret },
  })
  const key = await newKey(site, member, ['account:read'])
  const { id } = (await site.call(member, 'POST', '/api/v0/workspaces', { name: 'harbour', ...size })).json()
  await site.call(member, 'DELETE', `/api/v0/workspaces/${id}`)
  const entries = (await site.call(auditor, 'GET', '/api/v0/audit')).json()
  assert.deepEqual(
    entries.map((entry: { action: string }) => entry.action),
    ['workspace.delete', 'workspace.create', 'api-key.create', 'user.create', ...Array(3).fill('session.open')],
  )
  const entry = entries[3]
  assert.deepEqual(
    [entry.actorId, entry.actorName, entry.via, entry.address, entry.targetId, entry.targetName, entry.details],
    [root.id, 'root', 'session', '192.0.2.7', created.json().id, 'bob', { role: 'site-member' }],
  )
  assert.equal(entry.at, new Date(site.time.now).toISOString())
  const all = JSON.stringify(entries)
  for (const hidden of [secret, password, key.token, admin]) assert.ok(!all.includes(hidden))
  assert.equal((await site.call(member, 'GET', '/api/v0/audit')).statusCode, 403)
  const filtered = await site.call(auditor, 'GET', `/api/v0/audit?target=${id}`)
  assert.equal(filtered.json().length, 2)
})

test('a change that fails leaves no entry, and the log is read in pages', async (t) => {
  const site = await newSite(t, postgres)
  await site.user('root', 'site-admin')
  const admin = await site.logIn('root')
  const body = { name: 'harbour', ...size }
  await site.call(admin, 'POST', '/api/v0/workspaces', body)
  assert.equal((await site.call(admin, 'POST', '/api/v0/workspaces', body)).statusCode, 409)
  const count = async () => (await site.database.query('SELECT 1 FROM audit')).rowCount
  assert.equal(await count(), 2)
  await site.database.query(
    `INSERT INTO audit (at, via, action, target_type) SELECT now(), 'system', 'x', 'y' FROM generate_series(1, 210)`,
  )
  const pages = await pagesOf<{ id: string; action: string }>(site, admin, '/api/v0/audit')
  assert.deepEqual(
    pages.map((page) => page.length),
    [100, 100, 12],
  )
  assert.equal(new Set(pages.flat().map(({ id }) => id)).size, 212)
  const some = await pagesOf<{ action: string }>(site, admin, '/api/v0/audit?action=x&limit=150')
  assert.deepEqual(
    some.map((page) => [page.length, page.every(({ action }) => action === 'x')]),
    [
      [150, true],
      [60, true],
    ],
    'the next page is one of the same filter and size',
  )
})
