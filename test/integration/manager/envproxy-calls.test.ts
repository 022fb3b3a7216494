import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createLocalJWKSet, jwtVerify, SignJWT } from 'jose'
import { internalCalls } from '../../../services/manager/internal-calls.ts'
import { reconcileOnce } from '../../../services/manager/workspaces/reconcile.ts'
import { grantReader } from '../../../services/workspace/grant.ts'
import { type Postgres, startPostgres } from '../postgres.ts'
import { internalKey, newSite, type Site, silent } from './site.ts'

let postgres: Postgres
before(async () => {
  postgres = await startPostgres()
})
after(() => postgres.stop())

const size = { cpu: 1, memoryGiB: 1, diskGiB: 1 }
const ed25519 = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGq8dH3nmB6kHnTt0nmQbXcTqvrsKNEKsKI5xvBhRlJq'

function proof(site: Site, change: { key?: string; aud?: string; iss?: string; at?: number } = {}): Promise<string> {
  const at = Math.floor((change.at ?? site.time.now) / 1000)
  return new SignJWT({})
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer(change.iss ?? 'envproxy')
    .setAudience(change.aud ?? 'manager')
    .setIssuedAt(at)
    .setExpirationTime(at + 60)
    .sign(new TextEncoder().encode(change.key ?? internalKey))
}
async function ask(site: Site, method: 'GET' | 'POST', url: string, payload?: object) {
  const authorization = `Bearer ${await proof(site)}`
  return await site.app.inject({
    method,
    url,
    headers: { authorization },
    ...(payload === undefined ? {} : { payload }),
  })
}
async function harbour(site: Site, change: object = {}) {
  const user = await site.user('ada')
  const token = await site.logIn('ada')
  const { id } = (await site.call(token, 'POST', '/api/v0/workspaces', { name: 'harbour', ...size, ...change })).json()
  await site.reconcile()
  return { user, token, id }
}

test('only the envproxy, by a fresh proof of the shared key, gets into /internal', async (t) => {
  const site = await newSite(t, postgres)
  const { token } = await harbour(site)
  const call = async (authorization: string) =>
    (
      await site.app.inject({
        method: 'POST',
        url: '/internal/activity',
        headers: { authorization },
        payload: { workspaces: [] },
      })
    ).statusCode
  assert.equal(await call(`Bearer ${await proof(site)}`), 204)
  for (const change of [
    { key: 'x'.repeat(43) },
    { aud: 'envproxy' },
    { iss: 'someone' },
    { at: site.time.now - 200_000 },
    { at: site.time.now + 200_000 },
  ])
    assert.equal(await call(`Bearer ${await proof(site, change)}`), 401, JSON.stringify(change))
  const none = Buffer.from('{"alg":"none"}').toString('base64url')
  const claims = Buffer.from('{"iss":"envproxy","aud":"manager","iat":1,"exp":99999999999}').toString('base64url')
  for (const text of ['', 'Bearer x', `Bearer ${none}.${claims}.`, `Bearer ${token}`])
    assert.equal(await call(text), 401)
  assert.equal((await site.call(token, 'POST', '/internal/activity', { workspaces: [] })).statusCode, 401)
  await assert.rejects(internalCalls(undefined).assert('Bearer x', 0), { code: 'INTERNAL_OFF' })
  assert.throws(() => internalCalls('short'), /32 characters/)
})

test('what nobody uses for its auto-off time stops; use, and a start, count anew; others go on', async (t) => {
  const site = await newSite(t, postgres)
  const { token, id } = await harbour(site, { autoOffMinutes: 30 })
  const forever = (await site.call(token, 'POST', '/api/v0/workspaces', { name: 'forever', ...size })).json().id
  await site.reconcile()
  const status = async (one: string) => (await site.call(token, 'GET', `/api/v0/workspaces/${one}`)).json().status
  site.time.now += 29 * 60_000
  assert.equal((await ask(site, 'POST', '/internal/activity', { workspaces: [id, 'aaaaaaaaaa'] })).statusCode, 204)
  site.time.now += 29 * 60_000
  await site.reconcile()
  assert.equal(await status(id), 'ON')
  site.time.now += 60_000
  await site.reconcile()
  assert.deepEqual([await status(id), await status(forever)], ['OFF', 'ON'])
  const { rows } = await site.database.query(`SELECT via, target_name FROM audit WHERE action = 'workspace.auto-off'`)
  assert.deepEqual(rows, [{ via: 'system', target_name: 'harbour' }])
  await site.call(token, 'POST', `/api/v0/workspaces/${id}/start`)
  await site.reconcile()
  assert.equal(await status(id), 'ON')
  const bad = await site.call(token, 'PATCH', `/api/v0/workspaces/${id}`, { autoOffMinutes: 1 })
  assert.equal(bad.statusCode, 400)
})

test('a replica that has just begun to lead waits for reports before it stops what looks idle', async (t) => {
  const site = await newSite(t, postgres)
  const { token, id } = await harbour(site, { autoOffMinutes: 5 })
  await site.reconcile()
  const { database, engine } = site
  const pass = (ledFor: number) =>
    reconcileOnce({
      database,
      engine,
      clock: () => site.time.now,
      log: silent,
      signal: new AbortController().signal,
      ledFor,
    })
  const desired = async () =>
    (await database.query('SELECT desired FROM workspaces WHERE id = $1', [id])).rows[0].desired
  // nobody could report for so long
  site.time.now += 20 * 60_000
  await pass(1_000)
  assert.equal(await desired(), 'on')
  await ask(site, 'POST', '/internal/activity', { workspaces: [id] })
  await pass(80_000)
  assert.equal(await desired(), 'on', 'it was in use all the time')
  site.time.now += 6 * 60_000
  await pass(80_000)
  assert.equal(await desired(), 'off')
  assert.equal((await site.call(token, 'POST', `/api/v0/workspaces/${id}/start`)).statusCode, 200)
})

test('the envproxy learns by names whose keys open which workspace, with a grant for its own key', async (t) => {
  const site = await newSite(t, postgres)
  const { user, token, id } = await harbour(site)
  await site.user('bob')
  const added = await site.call(token, 'POST', '/api/v0/ssh-keys', { key: `${ed25519} ada@laptop` })
  assert.deepEqual([added.statusCode, added.json().name], [201, 'ada@laptop'])
  const key = `SHA256:${'A'.repeat(43)}`
  const url = '/internal/ssh/ada/harbour'
  const plain = (await ask(site, 'GET', url)).json()
  assert.deepEqual(plain, { workspace: id, user: user.id, status: 'ON', keys: [{ id: added.json().id, key: ed25519 }] })
  const { grant } = (await ask(site, 'GET', `${url}?key=${encodeURIComponent(key)}`)).json()
  const keys = createLocalJWKSet((await site.call(undefined, 'GET', '/auth/jwks')).json())
  const currentDate = new Date(site.time.now)
  const { payload } = await jwtVerify(grant, keys, { audience: 'workspace', issuer: 'manager', currentDate })
  assert.deepEqual([payload.sub, payload.workspace, payload.port, payload.key], [user.id, id, 12212, key])
  assert.equal((payload.exp ?? 0) - (payload.iat ?? 0), 120)
  await assert.rejects(jwtVerify(grant, keys, { audience: 'envproxy', currentDate }), 'it opens no terminal')
  const unknown = await ask(site, 'GET', '/internal/ssh/nobody/harbour')
  assert.deepEqual([unknown.statusCode, unknown.json().code], [404, 'SSH_UNKNOWN'])
  for (const one of ['/internal/ssh/bob/harbour', '/internal/ssh/ada/other', `/internal/ssh/${'x'.repeat(60)}/y`])
    assert.equal((await ask(site, 'GET', one)).body, unknown.body)
  await site.call(token, 'POST', `/api/v0/workspaces/${id}/stop`)
  await site.reconcile()
  const off = (await ask(site, 'GET', `${url}?key=${encodeURIComponent(key)}`)).json()
  assert.deepEqual([off.status, off.grant], ['OFF', undefined])
  await site.database.query('UPDATE users SET deactivated_at = now() WHERE id = $1', [user.id])
  assert.equal((await ask(site, 'GET', url)).body, unknown.body)
})

test('access ends with the credential, the role and the workspace, and is never wider than the permission table', async (t) => {
  const site = await newSite(t, postgres)
  const { user, id } = await harbour(site)
  const root = await site.user('root', 'site-admin')
  const bob = await site.user('bob')
  const login = async ({ id: owner, username }: { id: string; username: string }) => {
    await site.logIn(username)
    const { rows } = await site.database.query(
      'SELECT id FROM sessions WHERE user_id = $1 ORDER BY created_at DESC LIMIT 1',
      [owner],
    )
    return `session:${rows[0].id}`
  }
  const own = await login(user)
  const [admin, other] = [await login(root), await login(bob)]
  const access = async (who: string, credential: string, port = 26337) =>
    (
      await ask(
        site,
        'GET',
        `/internal/access?${new URLSearchParams({ user: who, workspace: id, port: `${port}`, credential })}`,
      )
    ).statusCode
  assert.equal(await access(user.id, own), 200)
  assert.equal(await access(user.id, own, 13337), 200)
  assert.equal(await access(root.id, admin), 200)
  assert.equal(await access(root.id, admin, 13337), 403, 'the editor is for the owner')
  assert.equal(await access(bob.id, other), 403)
  assert.equal(await access(root.id, own), 403, "another's session")
  for (const none of ['', 'x', 'session:x', 'session', `password:${'a'.repeat(10)}`, `api-key:${'a'.repeat(11)}`])
    assert.equal(await access(user.id, none), 400, none)
  await site.database.query(`UPDATE workspaces SET desired = 'off'`)
  assert.equal(await access(user.id, own), 403)
  await site.database.query(`UPDATE workspaces SET desired = 'on'`)
  await site.database.query(`UPDATE users SET role = 'site-manager' WHERE id = $1`, [root.id])
  assert.equal(await access(root.id, admin), 403, 'a role that was lowered')
})

test('with access comes a grant that the agent of this workspace takes for two minutes, at the port in question', async (t) => {
  const site = await newSite(t, postgres)
  const { user, token, id } = await harbour(site)
  const [{ id: session }] = (await site.call(token, 'GET', `/api/v0/users/${user.id}/sessions`)).json()
  const read = grantReader((await site.call(undefined, 'GET', '/auth/jwks')).json(), id)
  const question = (port: number) =>
    ask(
      site,
      'GET',
      `/internal/access?${new URLSearchParams({ user: user.id, workspace: id, port: `${port}`, credential: `session:${session}` })}`,
    )
  for (const port of [26337, 13337]) {
    const { grant } = (await question(port)).json()
    const { sub, iat = 0, exp } = await read(grant, port)
    assert.deepEqual([sub, exp], [user.id, iat + 120])
    await assert.rejects(read(grant, port === 26337 ? 13337 : 26337), /another door/)
  }
  assert.deepEqual((await question(12212)).json(), {}, 'SSH has grants of its own')
})

test("a ticket names the session that asked, and who opens another's workspace is on record", async (t) => {
  const site = await newSite(t, postgres)
  const { user, token, id } = await harbour(site)
  await site.user('root', 'site-admin')
  const admin = await site.logIn('root')
  const url = `/api/v0/workspaces/${id}/tickets`
  const { ticket } = (await site.call(token, 'POST', url, { port: 26337 })).json()
  const [{ id: session }] = (await site.call(token, 'GET', `/api/v0/users/${user.id}/sessions`)).json()
  assert.equal(JSON.parse(Buffer.from(ticket.split('.')[1], 'base64url').toString()).credential, `session:${session}`)
  for (const who of [token, admin])
    assert.equal(
      (await site.call(who, 'POST', url, { port: 13337 })).json().code,
      'INPUT_INVALID',
      'no ticket for an editor',
    )
  assert.equal((await site.call(admin, 'POST', url, { port: 26337 })).statusCode, 200)
  const { rows } = await site.database.query(`SELECT actor_name FROM audit WHERE action = 'workspace.open'`)
  assert.deepEqual(rows, [{ actor_name: 'root' }])
})
