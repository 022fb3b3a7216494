import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { sessionLifetime } from '../../../services/manager/sessions.ts'
import { type Postgres, startPostgres } from '../postgres.ts'
import { askAsEnvproxy } from './envproxy-proof.ts'
import { accessUrl, newSite, type Site } from './site.ts'

let postgres: Postgres
before(async () => {
  postgres = await startPostgres()
})
after(() => postgres.stop())

const size = { cpu: 1, memoryGiB: 1, diskGiB: 1 }
const path = '/api/v0/dev-urls'
const state = 's'.repeat(43)

async function person(site: Site, name: string, role?: 'site-admin') {
  const { id } = await site.user(name, role)
  const token = await site.logIn(name)
  const [{ id: session }] = (await site.call(token, 'GET', `/api/v0/users/${id}/sessions`)).json()
  return { id, token, credential: `session:${session}` }
}
const workspaceOf = async (site: Site, token: string, name: string, more: object = {}): Promise<string> => {
  const { id } = (await site.call(token, 'POST', '/api/v0/workspaces', { name, ...size, ...more })).json()
  await site.reconcile()
  return id
}

/** What the envproxy is told. */
async function ask(site: Site, label: string, who?: { id: string; credential: string }) {
  const query = who === undefined ? '' : `?user=${who.id}&credential=${who.credential}`
  return await askAsEnvproxy(site, `/internal/dev-urls/${label}${query}`)
}

/** What a browser gets that comes from a dev URL. */
const enter = (site: Site, label: string, token?: string, to = '/') =>
  site.call(token, 'GET', `/auth/dev-url?${new URLSearchParams({ label, state, to })}`)

test('a port of a workspace gets a name of port, workspace and user; ports of the platform and of others do not', async (t) => {
  const site = await newSite(t, postgres)
  const ada = await person(site, 'ada.b')
  const root = await person(site, 'root', 'site-admin')
  const box = await workspaceOf(site, ada.token, 'my-box')
  const added = await site.call(ada.token, 'POST', path, { workspace: box, port: 8000 })
  assert.equal(added.statusCode, 201, added.body)
  const { id, url, access } = added.json()
  assert.deepEqual([url, access], ['https://8000-my-box-ada-b.dev.example/', 'private'])
  const code = async (token: string, body: object) => {
    const answer = await site.call(token, 'POST', path, body)
    return `${answer.statusCode} ${answer.json().code}`
  }
  assert.equal(await code(ada.token, { workspace: box, port: 8000 }), '409 DEV_URL_EXISTS')
  for (const port of [12212, 13337, 26337])
    assert.equal(await code(ada.token, { workspace: box, port }), '400 DEV_URL_PORT')
  for (const port of [0, 65536, 80.5, '80'])
    assert.equal(await code(ada.token, { workspace: box, port }), '400 INPUT_INVALID')
  assert.equal(await code(ada.token, { workspace: box, port: 1, access: 'all' }), '400 INPUT_INVALID')
  assert.equal(
    await code(root.token, { workspace: box, port: 9000 }),
    '403 AUTH_FORBIDDEN',
    'an admin publishes nothing',
  )
  const bob = await person(site, 'bob')
  assert.equal(await code(bob.token, { workspace: box, port: 9000 }), '404 WORKSPACE_UNKNOWN')
  const list = async (token: string, of = '') => (await site.call(token, 'GET', `${path}${of}`)).json()
  assert.deepEqual((await list(ada.token)).devUrls, [added.json()])
  assert.equal((await list(ada.token)).host, 'dev.example')
  assert.deepEqual((await list(ada.token, '?workspace=aaaaaaaaaa')).devUrls, [])
  assert.equal((await list(root.token)).devUrls.length, 1)
  assert.deepEqual((await list(bob.token)).devUrls, [])
  const change = async (token: string, method: string, body?: object) =>
    (await site.call(token, method, `${path}/${id}`, body)).statusCode
  assert.equal(await change(bob.token, 'PATCH', { access: 'public' }), 404)
  assert.equal(await change(root.token, 'PATCH', { access: 'public' }), 403)
  assert.equal(await change(ada.token, 'PATCH', { access: 'org' }), 200)
  assert.equal((await list(ada.token)).devUrls[0].access, 'org')
  assert.equal(await change(bob.token, 'DELETE'), 404)
  assert.equal(await change(root.token, 'DELETE'), 204)
  assert.equal(await change(ada.token, 'DELETE'), 404)
  const { rows } = await site.database.query(
    `SELECT actor_name, action, target_name, details FROM audit WHERE target_type = 'dev-url' ORDER BY id`,
  )
  assert.deepEqual(rows, [
    {
      actor_name: 'ada.b',
      action: 'dev-url.add',
      target_name: '8000-my-box-ada-b',
      details: { port: 8000, access: 'private', workspace: box },
    },
    {
      actor_name: 'ada.b',
      action: 'dev-url.change',
      target_name: '8000-my-box-ada-b',
      details: { from: 'private', access: 'org' },
    },
    { actor_name: 'root', action: 'dev-url.remove', target_name: '8000-my-box-ada-b', details: {} },
  ])
})

test('two workspaces never share a name, and none is longer than DNS allows', async (t) => {
  const site = await newSite(t, postgres)
  const one = await person(site, 'c')
  const two = await person(site, 'b-c')
  const first = await workspaceOf(site, one.token, 'a-b')
  const second = await workspaceOf(site, two.token, 'a')
  assert.equal((await site.call(one.token, 'POST', path, { workspace: first, port: 80 })).statusCode, 201)
  const clash = await site.call(two.token, 'POST', path, { workspace: second, port: 80 })
  assert.deepEqual([clash.statusCode, clash.json().code], [409, 'DEV_URL_LABEL_TAKEN'])
  // a workspace on its way out gives its name up
  await site.call(one.token, 'DELETE', `/api/v0/workspaces/${first}`)
  assert.equal((await ask(site, '80-a-b-c')).statusCode, 404)
  assert.equal((await site.call(two.token, 'POST', path, { workspace: second, port: 80 })).statusCode, 201)
  assert.equal((await ask(site, '80-a-b-c')).json().workspace, second)
  const long = await person(site, 'u'.repeat(32))
  const box = await workspaceOf(site, long.token, 'w'.repeat(28))
  const fits = await site.call(long.token, 'POST', path, { workspace: box, port: 1 })
  assert.equal(fits.statusCode, 201, 'one digit, two hyphens, 28 and 32 characters are 63')
  const refused = await site.call(long.token, 'POST', path, { workspace: box, port: 10 })
  assert.deepEqual([refused.statusCode, refused.json().code], [400, 'DEV_URL_LABEL_LONG'])
})

test('a workspace has a bounded number of dev URLs, also when many are asked for at once', async (t) => {
  const site = await newSite(t, postgres)
  const ada = await person(site, 'ada')
  const box = await workspaceOf(site, ada.token, 'box')
  const answers = await Promise.all(
    Array.from({ length: 25 }, (_, at) => site.call(ada.token, 'POST', path, { workspace: box, port: 3000 + at })),
  )
  const codes = answers.map((answer) => answer.statusCode)
  assert.deepEqual([codes.filter((code) => code === 201).length, codes.filter((code) => code === 409).length], [20, 5])
})

test('who may open a dev URL: its owner, the organization, all users, everyone; sessions and users that ended no one', async (t) => {
  const site = await newSite(t, postgres)
  const root = await person(site, 'root', 'site-admin')
  const ada = await person(site, 'ada')
  const bob = await person(site, 'bob')
  const eve = await person(site, 'eve')
  const { id: yard } = (await site.call(root.token, 'POST', '/api/v0/organizations', { name: 'yard' })).json()
  for (const { id } of [ada, bob])
    await site.call(root.token, 'PUT', `/api/v0/organizations/${yard}/members/${id}`, { role: 'organization-member' })
  const box = await workspaceOf(site, ada.token, 'box', { organization: yard })
  const added = (await site.call(ada.token, 'POST', path, { workspace: box, port: 8000 })).json()
  const label = '8000-box-ada'
  const open = async () => {
    const codes = await Promise.all([ada, bob, eve, root].map(async (who) => (await ask(site, label, who)).statusCode))
    const entered = await Promise.all(
      [ada, bob, eve, root].map(async (who) => (await enter(site, label, who.token)).statusCode),
    )
    assert.deepEqual(
      entered,
      codes.map((code) => (code === 200 ? 303 : 404)),
    )
    return codes.map((code) => code === 200)
  }
  const share = (access: string) => site.call(ada.token, 'PATCH', `${path}/${added.id}`, { access })
  assert.deepEqual(await open(), [true, false, false, false])
  await share('org')
  assert.deepEqual(await open(), [true, true, false, false])
  await share('authed')
  assert.deepEqual(await open(), [true, true, true, true])
  await share('public')
  assert.deepEqual((await ask(site, label)).json(), { id: added.id, workspace: box, port: 8000, access: 'public' })
  await share('authed')
  assert.equal(
    (await ask(site, label, { id: bob.id, credential: ada.credential })).statusCode,
    403,
    "another's session",
  )
  assert.equal((await ask(site, label, { id: bob.id, credential: '' })).statusCode, 400)
  await site.call(bob.token, 'POST', '/auth/logout')
  assert.equal((await ask(site, label, bob)).statusCode, 403)
  await site.database.query('UPDATE users SET deactivated_at = now() WHERE id = $1', [eve.id])
  assert.equal((await ask(site, label, eve)).statusCode, 403)
  assert.equal((await ask(site, label, root)).statusCode, 200)
  site.time.now += sessionLifetime
  assert.equal((await ask(site, label, root)).statusCode, 403, 'a session that ended by itself')
  await site.database.query('UPDATE users SET deactivated_at = now() WHERE id = $1', [ada.id])
  assert.equal((await ask(site, label)).statusCode, 404, 'nothing of someone who left is served')
})

test('a ticket names one dev URL, the user, the session and the browser, and goes to that dev URL alone', async (t) => {
  const site = await newSite(t, postgres)
  const ada = await person(site, 'ada')
  const box = await workspaceOf(site, ada.token, 'box')
  const { id } = (await site.call(ada.token, 'POST', path, { workspace: box, port: 8000 })).json()
  const answer = await enter(site, '8000-box-ada', ada.token, '/a?b=c')
  assert.equal(answer.statusCode, 303)
  assert.equal(answer.headers['referrer-policy'], 'no-referrer')
  assert.equal(answer.headers['cache-control'], 'no-store')
  const back = new URL(String(answer.headers.location))
  assert.deepEqual(
    [back.origin, back.pathname, back.searchParams.get('to')],
    ['https://8000-box-ada.dev.example', '/.cde/enter', '/a?b=c'],
  )
  const keys = createLocalJWKSet((await site.call(undefined, 'GET', '/auth/jwks')).json())
  const ticket = back.searchParams.get('ticket') ?? ''
  const currentDate = new Date(site.time.now)
  const { payload } = await jwtVerify(ticket, keys, { audience: 'dev-url', currentDate })
  const { sub, credential, devUrl, label, workspace, port } = payload
  assert.deepEqual(
    { sub, credential, devUrl, label, workspace, port, state: payload.state },
    { sub: ada.id, credential: ada.credential, devUrl: id, label: '8000-box-ada', workspace: box, port: 8000, state },
  )
  assert.equal((payload.exp ?? 0) - (payload.iat ?? 0), 60)
  await assert.rejects(
    jwtVerify(ticket, keys, { audience: 'envproxy', currentDate }),
    'it opens neither editor nor terminal',
  )
})

test('who is not logged in is sent to the dashboard and nowhere else; what is malformed is refused', async (t) => {
  const site = await newSite(t, postgres)
  const ada = await person(site, 'ada')
  const key = (
    await site.call(ada.token, 'POST', '/api/v0/api-keys', { name: 'k', scopes: ['workspaces:read'], days: 1 })
  ).json().token
  for (const token of [undefined, 'x'.repeat(43), key]) {
    const answer = await enter(site, '8000-box-ada', token, '//evil.example/\\x')
    assert.equal(answer.statusCode, 303)
    const to = new URL(String(answer.headers.location))
    assert.deepEqual([to.origin, to.pathname], [accessUrl, '/'])
    const next = to.searchParams.get('next') ?? ''
    assert.ok(next.startsWith('/auth/dev-url?label=8000-box-ada&'), next)
  }
  for (const query of [
    `label=evil.example&state=${state}&to=/`,
    `label=8000-box-ada.evil.example&state=${state}&to=/`,
    `label=8000-box-ada&state=short&to=/`,
    `label=8000-box-ada&state=${state}&to=https://evil.example/`,
    `label=8000-box-ada&state=${state}&to=/&host=evil.example`,
    `label=8000-box-ada%2F@evil.example&state=${state}&to=/`,
  ])
    assert.equal((await site.call(ada.token, 'GET', `/auth/dev-url?${query}`)).statusCode, 400, query)
  const unknown = await enter(site, '8000-box-ada', ada.token)
  const bob = await person(site, 'bob')
  const box = await workspaceOf(site, bob.token, 'box')
  await site.call(bob.token, 'POST', path, { workspace: box, port: 8000 })
  const foreign = await enter(site, '8000-box-bob', ada.token)
  assert.deepEqual([unknown.statusCode, foreign.statusCode, foreign.body], [404, 404, unknown.body])
})
