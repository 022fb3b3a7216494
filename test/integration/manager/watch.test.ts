import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import WebSocket from 'ws'
import { publishStats } from '../../../services/manager/events/stats.ts'
import { fairShare } from '../../../services/manager/turns.ts'
import { type Postgres, startPostgres } from '../postgres.ts'
import { accessUrl, newSite, type Site } from './site.ts'

let postgres: Postgres
before(async () => {
  postgres = await startPostgres()
})
after(() => postgres.stop())

const size = { cpu: 1, memoryGiB: 1, diskGiB: 1 }
type Message = {
  type: string
  id?: string
  workspace?: { id: string; status: string }
  workspaces?: { id: string }[]
  next?: string | null
}

async function watch(t: TestContext, site: Site, headers: Record<string, string>, kind = 'update') {
  if (!site.app.server.listening) await site.app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = site.app.server.address() as { port: number }
  const socket = new WebSocket(`ws://127.0.0.1:${port}/api/v0/workspaces/watch-${kind}`, { headers })
  t.after(() => socket.terminate())
  const heard: Message[] = []
  socket.on('message', (data) => heard.push(JSON.parse(data.toString())))
  /** The first message from now on that holds. */
  const until = async (holds: (message: Message) => boolean): Promise<Message> => {
    for (const end = Date.now() + 5_000; ; ) {
      const found = heard.find(holds)
      if (found !== undefined) return found
      assert.ok(Date.now() < end, `in vain: ${JSON.stringify(heard)}`)
      await sleep(10)
    }
  }
  return { socket, heard, until }
}
async function refusal(t: TestContext, site: Site, headers: Record<string, string>) {
  const { socket } = await watch(t, site, headers)
  const [, response] = await once(socket, 'unexpected-response')
  socket.on('error', () => {})
  return response.statusCode
}
const harbour = async (site: Site, token: string, name = 'harbour') =>
  (await site.call(token, 'POST', '/api/v0/workspaces', { name, ...size })).json().id

test('whoever watches on one replica hears what is changed on the other, of their own workspaces only', async (t) => {
  const site = await newSite(t, postgres)
  const twin = await site.twin()
  await site.user('ada')
  await site.user('bob')
  const [ada, bob] = [await site.logIn('ada'), await site.logIn('bob')]
  const first = await harbour(site, ada)
  const mine = await watch(t, twin, { 'session-token': ada })
  const others = await watch(t, twin, { 'session-token': bob })
  const snapshot = await mine.until(({ type }) => type === 'snapshot')
  assert.deepEqual(
    snapshot.workspaces?.map(({ id }) => id),
    [first],
  )
  await others.until(({ type }) => type === 'snapshot')
  const from = performance.now()
  const second = await harbour(site, ada, 'second')
  await mine.until(({ workspace }) => workspace?.id === second)
  t.diagnostic(`create on one replica to news on the other: ${Math.round(performance.now() - from)} ms`)
  twin.engine.set(second, { seen: 'present', ready: true, off: false })
  await site.database.query('UPDATE workspaces SET applied_generation = generation')
  await mine.until(({ workspace }) => workspace?.id === second && workspace?.status === 'ON')
  await site.call(ada, 'DELETE', `/api/v0/workspaces/${second}`)
  assert.equal((await mine.until(({ type }) => type === 'remove')).id, second)
  assert.deepEqual(
    others.heard.map(({ type, workspaces }) => [type, workspaces]),
    [['snapshot', []]],
  )
})

test('a snapshot is the newest page, with where the next begins; what is older is told of all the same', async (t) => {
  const site = await newSite(t, postgres)
  const ada = await site.user('ada')
  const token = await site.logIn('ada')
  await site.database.query(
    `INSERT INTO workspaces (id, owner_id, name, image, cpu_milli, memory_gib, disk_gib, applied_generation, created_at,
       updated_at)
     SELECT lpad(n::text, 10, '0'), $1, 'w' || n, 'r/i', 1, 1, 1, 1, '2026-01-01'::timestamptz + n * interval '1 s', now()
     FROM generate_series(1, 130) AS n`,
    [ada.id],
  )
  const { until } = await watch(t, site, { 'session-token': token })
  const snapshot = await until(({ type }) => type === 'snapshot')
  assert.deepEqual([snapshot.workspaces?.length, snapshot.workspaces?.[0]?.id], [100, '0000000130'])
  const rest = (await site.call(token, 'GET', `/api/v0/workspaces?after=${snapshot.next}`)).json()
  assert.deepEqual([rest.length, rest[0].id, rest.at(-1).id], [30, '0000000030', '0000000001'])
  await site.call(token, 'PATCH', '/api/v0/workspaces/0000000003', { autoOffMinutes: 60 })
  await until(({ workspace }) => workspace?.id === '0000000003')
  await site.call(token, 'DELETE', '/api/v0/workspaces/0000000002')
  assert.equal((await until(({ type }) => type === 'remove')).id, '0000000002', 'though it was in no snapshot')
})

test('statistics that the leading replica reads arrive at every replica, for those who may see them', async (t) => {
  const site = await newSite(t, postgres)
  const twin = await site.twin()
  await site.user('ada')
  await site.user('bob')
  const [ada, bob] = [await site.logIn('ada'), await site.logIn('bob')]
  const [one, two] = [await harbour(site, ada), await harbour(site, bob)]
  const mine = await watch(t, twin, { 'session-token': ada }, 'stats')
  assert.equal(await publishStats(site.database, site.engine), false, 'a cluster without metrics')
  const many = Array.from({ length: 250 }, () => ({ id: 'zzzzzzzzzz', cpu: 0.123, memoryBytes: 123_456_789_012 }))
  site.engine.measure([...many, { id: one, cpu: 0.5, memoryBytes: 1e9 }, { id: two, cpu: 0.7, memoryBytes: 2e9 }])
  // again and again, as the leading replica does: who is not listening yet hears the next
  while (!mine.heard.some(({ type }) => type === 'stats')) {
    assert.equal(await publishStats(site.database, site.engine), true)
    await sleep(100)
  }
  const stats = await mine.until(({ type }) => type === 'stats')
  assert.deepEqual(stats.workspaces, [{ id: one, cpu: 0.5, memoryBytes: 1e9 }])
})

test('strangers, foreign pages and plain requests open no watch', async (t) => {
  const site = await newSite(t, postgres)
  await site.user('ada')
  const token = await site.logIn('ada')
  const cookie = `__Host-session_token=${token}`
  assert.equal(await refusal(t, site, {}), 401)
  assert.equal(await refusal(t, site, { cookie }), 403)
  assert.equal(await refusal(t, site, { cookie, origin: 'https://evil.example' }), 403)
  const good = await watch(t, site, { cookie, origin: accessUrl })
  await good.until(({ type }) => type === 'snapshot')
  assert.equal((await site.call(token, 'GET', '/api/v0/workspaces/watch-update')).json().code, 'UPGRADE_REQUIRED')
})

test('a watch ends when its session does, and when the rights of its user change', async (t) => {
  const site = await newSite(t, postgres)
  const ada = await site.user('ada')
  const token = await site.logIn('ada')
  for (const end of [
    `UPDATE users SET role = 'site-auditor' WHERE id = '${ada.id}'`,
    `UPDATE users SET deactivated_at = now() WHERE id = '${ada.id}'`,
  ]) {
    const { socket, until } = await watch(t, site, { 'session-token': token })
    await until(({ type }) => type === 'snapshot')
    await sleep(500)
    assert.equal(socket.readyState, WebSocket.OPEN)
    const closed = once(socket, 'close')
    await site.database.query(end)
    assert.equal((await closed)[0], 4401)
  }
})

test('a watch survives a restart of PostgreSQL and tells all that happened meanwhile', async (t) => {
  const own = await startPostgres()
  t.after(() => own.stop())
  const site = await newSite(t, own)
  await site.user('ada')
  const token = await site.logIn('ada')
  const { until, heard } = await watch(t, site, { 'session-token': token })
  await until(({ type }) => type === 'snapshot')
  heard.length = 0
  await own.restart()
  const id = await harbour(site, token)
  await until(({ workspace, workspaces }) => workspace?.id === id || workspaces?.[0]?.id === id)
})

test('a change is read once, however many watch, and each hears of what they may see', async (t) => {
  const site = await newSite(t, postgres)
  await site.user('ada')
  await site.user('bob')
  const [ada, bob] = [await site.logIn('ada'), await site.logIn('bob')]
  const id = await harbour(site, ada)
  const other = await watch(t, site, { 'session-token': bob })
  const watches = await Promise.all(Array.from({ length: 20 }, () => watch(t, site, { 'session-token': ada })))
  for (const { until } of [...watches, other]) await until(({ type }) => type === 'snapshot')
  // what is asked every so often on behalf of a connection is not about the change
  const asked: string[] = []
  const query = site.database.query.bind(site.database) as (...args: unknown[]) => unknown
  t.mock.method(site.database, 'query', (...args: unknown[]) => {
    if (typeof args[0] === 'string') asked.push(args[0])
    return query(...args)
  })
  site.engine.set(id, { seen: 'present', ready: false, off: false, progress: 'pulling' })
  for (const { until } of watches) await until(({ type, workspace }) => type === 'update' && workspace?.id === id)
  assert.equal(asked.filter((text) => /FROM workspaces/.test(text)).length, 1, asked.join('\n'))
  assert.deepEqual(
    other.heard.map(({ type }) => type),
    ['snapshot'],
  )
})

test('one user has so many WebSockets, gets more when one is closed, and takes none from others', async (t) => {
  const site = await newSite(t, postgres)
  await site.user('ada')
  await site.user('bob')
  const [ada, bob] = [await site.logIn('ada'), await site.logIn('bob')]
  const own = [await watch(t, site, { 'session-token': ada })]
  while (own.length < fairShare.websockets) own.push(await watch(t, site, { 'session-token': ada }))
  for (const { until } of own) await until(({ type }) => type === 'snapshot')
  assert.equal(await refusal(t, site, { 'session-token': ada }), 429)
  const other = await watch(t, site, { 'session-token': bob })
  await other.until(({ type }) => type === 'snapshot')
  own[0]?.socket.close()
  const again = async (): Promise<void> => {
    const { socket } = await watch(t, site, { 'session-token': ada })
    const opened = await Promise.race([
      once(socket, 'open').then(() => true),
      once(socket, 'unexpected-response').then(() => false),
    ])
    socket.on('error', () => {})
    if (!opened) await again()
  }
  await again()
})

test('a manager that stops says goodbye to its watchers', async (t) => {
  const site = await newSite(t, postgres)
  await site.user('ada')
  const { socket, until } = await watch(t, site, { 'session-token': await site.logIn('ada') })
  await until(({ type }) => type === 'snapshot')
  const closed = once(socket, 'close')
  await site.app.close()
  assert.equal((await closed)[0], 1012)
})
