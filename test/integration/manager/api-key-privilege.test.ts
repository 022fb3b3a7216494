import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { scopes } from '../../../services/manager/permissions.ts'
import { type Postgres, startPostgres } from '../postgres.ts'
import { newSite, password, type Site } from './site.ts'

let postgres: Postgres
before(async () => {
  postgres = await startPostgres()
})
after(() => postgres.stop())

const other = 'another horse battery'
const sshKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f'

/** What each route answers to a key of a site-admin that has every scope: `session` is a refusal that says to log in. */
type Answer = 'session' | 'fine'
type Call = [answer: Answer, method: string, url: string, body?: object]

async function calls(site: Site, admin: string): Promise<Call[]> {
  const [ada, eve] = [await site.user('ada'), await site.user('eve')]
  const post = async (token: string, url: string, body: object): Promise<string> =>
    (await site.call(token, 'POST', url, body)).json().id
  const member = await site.logIn('ada')
  const yard = await post(admin, '/api/v0/organizations', { name: 'yard' })
  const spare = await post(admin, '/api/v0/organizations', { name: 'spare' })
  const registry = await post(admin, '/api/v0/registries', { name: 'r', host: 'r.example' })
  const idle = await post(admin, '/api/v0/registries', { name: 's', host: 's.example' })
  const image = await post(admin, '/api/v0/images', { name: 'i', registry, repository: 'i', tag: '1' })
  const size = { cpu: 1, memoryGiB: 1, diskGiB: 1 }
  const box = await post(member, '/api/v0/workspaces', { name: 'box', ...size })
  const own = await post(admin, '/api/v0/workspaces', { name: 'own', ...size })
  await site.reconcile()
  const devUrl = await post(admin, '/api/v0/dev-urls', { workspace: own, port: 8000 })
  const adaKey = await post(member, '/api/v0/ssh-keys', { key: sshKey })
  const adaApiKey = await post(member, '/api/v0/api-keys', { name: 'k', scopes: ['account:read'], days: 1 })
  const users = '/api/v0/users'
  const members = `/api/v0/organizations/${yard}/members/${ada.id}`
  const [{ id: session }] = (await site.call(member, 'GET', `${users}/${ada.id}/sessions`)).json()
  const gone = await site.user('gone')
  await site.call(admin, 'PATCH', `${users}/${gone.id}`, { active: false })
  return [
    ['fine', 'GET', '/api/v0/me'],
    ['fine', 'GET', '/api/v0/license'],
    ['session', 'PUT', '/api/v0/license', { license: 'x' }],
    ['fine', 'GET', users],
    ['fine', 'GET', `${users}/${ada.id}`],
    ['fine', 'GET', `${users}/lookup?username=ada`],
    ['fine', 'POST', users, { username: 'plain' }],
    ['session', 'POST', users, { username: 'withpassword', password: other }],
    ['session', 'POST', users, { username: 'chief', role: 'site-admin' }],
    ['session', 'POST', users, { username: 'chief', role: 'site-manager', password: other }],
    ['session', 'POST', users, { username: 'chief', role: 'site-auditor' }],
    ['session', 'PATCH', `${users}/${ada.id}`, { role: 'site-admin' }],
    ['session', 'PATCH', `${users}/${ada.id}`, { role: 'site-member' }],
    ['session', 'PATCH', `${users}/${gone.id}`, { active: true }],
    ['session', 'PATCH', `${users}/${ada.id}`, { active: false, role: 'site-manager' }],
    ['fine', 'PATCH', `${users}/${eve.id}`, { active: false }],
    ['session', 'PUT', `${users}/${ada.id}/password`, { password: other }],
    ['session', 'GET', `${users}/${ada.id}/sessions`],
    ['session', 'DELETE', `${users}/${ada.id}/sessions/${session}`],
    ['session', 'GET', '/api/v0/api-keys'],
    ['session', 'POST', '/api/v0/api-keys', { name: 'more', scopes: ['account:read'], days: 366 }],
    ['session', 'DELETE', `/api/v0/api-keys/${adaApiKey}`],
    ['session', 'GET', '/api/v0/ssh-keys'],
    ['session', 'POST', '/api/v0/ssh-keys', { key: sshKey }],
    ['session', 'DELETE', `/api/v0/ssh-keys/${adaKey}`],
    ['fine', 'GET', '/api/v0/audit'],
    ['fine', 'GET', '/api/v0/health'],
    ['fine', 'GET', '/api/v0/notices'],
    ['fine', 'GET', '/api/v0/organizations'],
    ['fine', 'POST', '/api/v0/organizations', { name: 'new' }],
    ['fine', 'GET', `/api/v0/organizations/${yard}`],
    ['fine', 'PATCH', `/api/v0/organizations/${yard}`, { quota: { cpu: 9 } }],
    ['fine', 'DELETE', `/api/v0/organizations/${spare}`],
    ['fine', 'GET', `/api/v0/organizations/${yard}/members`],
    ['session', 'PUT', members, { role: 'organization-admin' }],
    ['session', 'PUT', members, { role: 'organization-manager' }],
    ['fine', 'PUT', members, { role: 'organization-member' }],
    ['fine', 'DELETE', members],
    ['fine', 'GET', '/api/v0/registries'],
    ['fine', 'POST', '/api/v0/registries', { name: 'n', host: 'n.example' }],
    ['fine', 'DELETE', `/api/v0/registries/${idle}`],
    ['fine', 'GET', '/api/v0/images'],
    ['fine', 'POST', '/api/v0/images', { name: 'j', registry, repository: 'j', tag: '1' }],
    ['fine', 'GET', `/api/v0/images/${image}`],
    ['fine', 'PATCH', `/api/v0/images/${image}`, { name: 'ii' }],
    ['fine', 'PUT', `/api/v0/images/${image}/tags/2`, {}],
    ['fine', 'DELETE', `/api/v0/images/${image}/tags/2`],
    ['fine', 'DELETE', `/api/v0/images/${image}`],
    ['fine', 'GET', '/api/v0/workspaces'],
    ['fine', 'POST', '/api/v0/workspaces', { name: 'made', ...size }],
    ['fine', 'GET', `/api/v0/workspaces/${box}`],
    ['fine', 'POST', `/api/v0/workspaces/${box}/tickets`, { port: 26337 }],
    ['fine', 'PATCH', `/api/v0/workspaces/${box}`, { cpu: 2 }],
    ['fine', 'POST', `/api/v0/workspaces/${box}/rebuild`],
    ['fine', 'POST', `/api/v0/workspaces/${box}/stop`],
    ['fine', 'POST', `/api/v0/workspaces/${box}/start`],
    ['fine', 'GET', '/api/v0/dev-urls'],
    ['fine', 'POST', '/api/v0/dev-urls', { workspace: own, port: 9000 }],
    ['fine', 'PATCH', `/api/v0/dev-urls/${devUrl}`, { access: 'org' }],
    ['fine', 'DELETE', `/api/v0/dev-urls/${devUrl}`],
    ['fine', 'DELETE', `/api/v0/workspaces/${box}`],
  ]
}

/** Ways in, and what people may do: whatever outlives a key. */
async function power({ database }: Site): Promise<unknown[]> {
  const tables = [
    `SELECT username, role, password_hash FROM users WHERE deactivated_at IS NULL AND
       (role <> 'site-member' OR password_hash IS NOT NULL) AND username <> 'eve' ORDER BY 1`,
    `SELECT user_id, role FROM members WHERE role <> 'organization-member' ORDER BY 1`,
    `SELECT id FROM sessions WHERE user_id NOT IN (SELECT id FROM users WHERE username = 'eve') ORDER BY 1`,
    'SELECT id FROM api_keys ORDER BY 1',
    'SELECT id FROM ssh_keys ORDER BY 1',
    'SELECT id FROM licenses ORDER BY 1',
  ]
  return await Promise.all(tables.map(async (table) => (await database.query(table)).rows))
}

test('no API key makes anyone more than they were, not even one of a site-admin with every scope', async (t) => {
  const site = await newSite(t, postgres)
  await site.user('root', 'site-admin')
  const admin = await site.logIn('root')
  const made = await site.call(admin, 'POST', '/api/v0/api-keys', { name: 'all', scopes, days: 1 })
  assert.equal(made.statusCode, 201, made.body)
  const table = await calls(site, admin)
  const before = await power(site)
  for (const [expected, method, url, body] of table) {
    const answer = await site.call(made.json().token, method, url, body)
    const words = `${method} ${url} ${JSON.stringify(body)}: ${answer.statusCode} ${answer.body}`
    if (expected === 'fine') assert.ok(answer.statusCode < 300, words)
    else assert.deepEqual([answer.statusCode, answer.json().code], [403, 'AUTH_SESSION_NEEDED'], words)
  }
  assert.deepEqual(await power(site), before)

  const called = new Set(table.map(([, method, url]) => `${method} ${route(site, method, url)}`))
  const all = site.routes.filter(({ method, url, config }) => {
    const open = config?.permission === 'anyone' || config?.permission === 'internal'
    return method !== 'HEAD' && !open && !/\/watch(-|$)/.test(url)
  })
  assert.deepEqual([...called].sort(), all.map(({ method, url }) => `${method} ${url}`).sort())
})

/** The pattern of the route that serves a path: a fixed one before one with parameters. */
function route(site: Site, method: string, path: string): string | undefined {
  const fits = site.routes.filter((one) => {
    const pattern = new RegExp(`^${one.url.replace(/:\w+/g, '[^/]+')}$`)
    return one.method === method && pattern.test(path.split('?')[0] ?? '')
  })
  return fits.sort((a, b) => a.url.split(':').length - b.url.split(':').length)[0]?.url
}

test('a user without a password logs in once someone who is logged in has set one', async (t) => {
  const site = await newSite(t, postgres)
  await site.user('root', 'site-admin')
  const admin = await site.logIn('root')
  const key = await site.call(admin, 'POST', '/api/v0/api-keys', { name: 'k', scopes: ['users:write'], days: 1 })
  const { token } = key.json()
  const { id } = (await site.call(token, 'POST', '/api/v0/users', { username: 'bob' })).json()
  const enter = () => site.call(undefined, 'POST', '/auth/basic/login', { username: 'bob', password })
  assert.equal((await enter()).json().code, 'AUTH_FAILED')
  assert.equal((await site.call(admin, 'PUT', `/api/v0/users/${id}/password`, { password })).statusCode, 204)
  assert.equal((await enter()).statusCode, 200)
})
