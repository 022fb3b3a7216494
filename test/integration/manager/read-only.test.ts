import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { transaction } from '../../../services/manager/database.ts'
import { isReadOnly, whenWritable } from '../../../services/manager/read-only.ts'
import { startReconciler } from '../../../services/manager/workspaces/reconcile.ts'
import { type Postgres, startPostgres } from '../postgres.ts'
import { envproxyProof } from './envproxy-proof.ts'
import { newDatabase, newSite, password, type Site, silent } from './site.ts'
import { writes } from './stop-writes.ts'

let postgres: Postgres
before(async () => {
  postgres = await startPostgres()
})
after(() => postgres.stop())

const sshKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f'
const size = { cpu: 1, memoryGiB: 1, diskGiB: 1 }

/** A call of each route that writes, each of which would do something. */
async function calls(site: Site, token: string): Promise<[method: string, url: string, body?: object][]> {
  const post = async (url: string, body: object): Promise<string> => {
    const answer = await site.call(token, 'POST', url, body)
    assert.ok(answer.statusCode < 300, answer.body)
    return answer.json().id
  }
  const bob = await site.user('bob')
  await site.logIn('bob')
  const yard = await post('/api/v0/organizations', { name: 'yard' })
  const registry = await post('/api/v0/registries', { name: 'r', host: 'r.example' })
  const image = await post('/api/v0/images', { name: 'i', registry, repository: 'i', tag: '1' })
  const box = await post('/api/v0/workspaces', { name: 'box', ...size })
  await site.reconcile()
  const off = await post('/api/v0/workspaces', { name: 'off', ...size })
  await site.call(token, 'POST', `/api/v0/workspaces/${off}/stop`)
  const devUrl = await post('/api/v0/dev-urls', { workspace: box, port: 8000 })
  const ssh = await post('/api/v0/ssh-keys', { key: sshKey })
  const key = await post('/api/v0/api-keys', { name: 'k', scopes: ['account:read'], days: 1 })
  const sessions = (await site.call(token, 'GET', `/api/v0/users/${bob.id}/sessions`)).json()
  await site.call(token, 'PUT', `/api/v0/images/${image}/tags/2`, {})
  await site.call(token, 'PUT', `/api/v0/organizations/${yard}/members/${bob.id}`, { role: 'organization-member' })
  return [
    ['POST', '/auth/basic/login', { username: 'bob', password }],
    ['POST', '/auth/logout'],
    ['PUT', '/api/v0/license', { license: await site.license() }],
    ['POST', '/api/v0/users', { username: 'eve' }],
    ['PATCH', `/api/v0/users/${bob.id}`, { active: false }],
    ['PUT', `/api/v0/users/${bob.id}/password`, { password: 'another horse battery' }],
    ['DELETE', `/api/v0/users/${bob.id}/sessions/${sessions[0].id}`],
    ['GET', '/api/v0/users/lookup?username=bob'],
    ['POST', '/api/v0/api-keys', { name: 'l', scopes: ['account:read'], days: 1 }],
    ['DELETE', `/api/v0/api-keys/${key}`],
    ['POST', '/api/v0/ssh-keys', { key: `${sshKey.slice(0, -1)}g` }],
    ['DELETE', `/api/v0/ssh-keys/${ssh}`],
    ['POST', '/api/v0/organizations', { name: 'new' }],
    ['PATCH', `/api/v0/organizations/${yard}`, { quota: { cpu: 9 } }],
    ['PUT', `/api/v0/organizations/${yard}/members/${bob.id}`, { role: 'organization-admin' }],
    ['DELETE', `/api/v0/organizations/${yard}/members/${bob.id}`],
    ['DELETE', `/api/v0/organizations/${yard}`],
    ['POST', '/api/v0/registries', { name: 'n', host: 'n.example' }],
    ['DELETE', `/api/v0/registries/${registry}`],
    ['POST', '/api/v0/images', { name: 'j', registry, repository: 'j', tag: '1' }],
    ['PATCH', `/api/v0/images/${image}`, { name: 'ii' }],
    ['PUT', `/api/v0/images/${image}/tags/3`, {}],
    ['DELETE', `/api/v0/images/${image}/tags/2`],
    ['DELETE', `/api/v0/images/${image}`],
    ['POST', '/api/v0/workspaces', { name: 'made', ...size }],
    ['PATCH', `/api/v0/workspaces/${box}`, { cpu: 2, diskGiB: 2 }],
    ['POST', `/api/v0/workspaces/${box}/rebuild`],
    ['POST', `/api/v0/workspaces/${box}/stop`],
    ['POST', `/api/v0/workspaces/${off}/start`],
    ['POST', '/api/v0/dev-urls', { workspace: box, port: 9000 }],
    ['PATCH', `/api/v0/dev-urls/${devUrl}`, { access: 'org' }],
    ['DELETE', `/api/v0/dev-urls/${devUrl}`],
    ['POST', '/internal/activity', { workspaces: [box] }],
    ['DELETE', `/api/v0/workspaces/${box}`],
  ]
}

/** Opens the terminal of one's own workspace: nothing is written. */
const writesNothing = 'POST /api/v0/workspaces/:id/tickets'

test('while nothing can be written, each route that writes says so and when to ask again, and reading goes on', async (t) => {
  const site = await newSite(t, postgres)
  await site.user('ada', 'site-admin')
  const token = await site.logIn('ada')
  const every = await calls(site, token)
  const pattern = (url: string) =>
    site.routes.findLast((route) => new RegExp(`^${route.url.replace(/:\w+/g, '[^/?]+')}(\\?.*)?$`).test(url))?.url
  const tried = new Set(every.map(([method, url]) => `${method} ${pattern(url)}`))
  const writing = site.routes.filter(({ method }) => !['GET', 'HEAD', 'OPTIONS'].includes(method))
  assert.deepEqual(
    writing.map(({ method, url }) => `${method} ${url}`).filter((route) => !tried.has(route)),
    [writesNothing],
  )
  const { stop, resume } = await writes(t, postgres, site.database)
  await stop()
  // a minute later the use of a session is to be noted again
  site.time.now += 61_000
  for (const [method, url, body] of every) {
    const answer = await callAs(site, token, method, url, body)
    assert.deepEqual(
      [answer.statusCode, answer.json().code],
      [503, 'UPGRADE_READ_ONLY'],
      `${method} ${url} ${answer.body}`,
    )
    assert.ok(Number(answer.headers['retry-after']) > 0, url)
    assert.match(answer.json().message, /being upgraded/)
  }
  assert.equal(
    [...site.engine.specs.values()].every(({ diskGiB }) => diskGiB === 1),
    true,
    'no disk has grown',
  )
  for (const { method, url } of site.routes) {
    if (method !== 'GET' || url.includes(':') || url.includes('watch-') || url === '/api/v0/users/lookup') continue
    const answer = await callAs(site, token, 'GET', url)
    assert.ok(answer.statusCode < 500, `GET ${url} ${answer.statusCode} ${answer.body}`)
  }
  const box = (await site.call(token, 'GET', '/api/v0/workspaces'))
    .json()
    .find(({ name }: { name: string }) => name === 'box')
  const ticket = await site.call(token, 'POST', `/api/v0/workspaces/${box.id}/tickets`, { port: 26337 })
  assert.equal(ticket.statusCode, 200, 'a terminal opens')
  await resume()
  // the first one that is asked finds that writes are back: no connection of before is used again
  assert.equal((await site.call(undefined, 'POST', '/auth/basic/login', { username: 'bob', password })).statusCode, 200)
  assert.equal((await site.call(token, 'POST', `/api/v0/workspaces/${box.id}/stop`)).statusCode, 200)
})

const callAs = async (site: Site, token: string, method: string, url: string, body?: object) =>
  await site.app.inject({
    method: method as 'GET',
    url,
    headers: url.startsWith('/internal/') ? await envproxyProof(site) : { 'session-token': token },
    ...(body === undefined ? {} : { payload: body }),
  })

test('a transaction and a query of a pool leave no connection behind that takes no writes', async (t) => {
  const database = await newDatabase(t, postgres)
  await database.query('CREATE TABLE one (a int)')
  const { stop, resume } = await writes(t, postgres, database)
  await stop()
  const insert = () => transaction(database, (client) => client.query('INSERT INTO one VALUES (1)'))
  await Promise.all(Array.from({ length: 10 }, () => database.query('SELECT 1')))
  await assert.rejects(insert(), isReadOnly)
  await assert.rejects(database.query('INSERT INTO one VALUES (1)'), isReadOnly)
  await resume()
  await Promise.all(Array.from({ length: 10 }, insert))
  assert.equal((await database.query('SELECT 1 FROM one')).rowCount, 10)
  assert.equal(database.idleCount > 0, true, 'connections are kept again')
})

test('what is to be written once waits until it can be, and other failures are told', async (t) => {
  const database = await newDatabase(t, postgres)
  await database.query('CREATE TABLE one (a int)')
  const { stop, resume } = await writes(t, postgres, database)
  await stop()
  const closing = new AbortController()
  let tries = 0
  const insert = async () => {
    if (tries++ === 1) await resume()
    await database.query('INSERT INTO one VALUES (1)')
  }
  await whenWritable(insert, closing.signal)
  assert.equal(tries, 2)
  await assert.rejects(
    whenWritable(async () => {
      throw new Error('no')
    }, closing.signal),
    /no/,
  )
})

test('reconciling rests while nothing can be written, says so once, and goes on by itself', async (t) => {
  const site = await newSite(t, postgres)
  await site.user('ada')
  const token = await site.logIn('ada')
  const { id } = (await site.call(token, 'POST', '/api/v0/workspaces', { name: 'box', ...size })).json()
  const { stop, resume } = await writes(t, postgres, site.database)
  await stop()
  const said: string[] = []
  const say = (...words: unknown[]) => void said.push(String(words.at(-1)))
  const { database, engine, time } = site
  const log = { ...silent, info: say, warn: say }
  const reconciler = startReconciler({ database, engine, clock: () => time.now, log, release: 0 })
  try {
    await until(() => said.some((words) => words.includes('takes no writes')))
    await sleep(2_500)
    assert.equal(engine.specs.size, 0)
    assert.deepEqual(
      said.filter((words) => !words.includes('reconciles')),
      ['the database takes no writes: workspaces stay as they are until it does'],
    )
    await resume()
    await until(() => engine.specs.has(id))
  } finally {
    await reconciler.close()
  }
})

async function until(condition: () => boolean): Promise<void> {
  for (let waited = 0; !condition(); waited += 20) {
    assert.ok(waited < 15_000, 'waited in vain')
    await sleep(20)
  }
}
