import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import WebSocket from 'ws'
import { type Postgres, startPostgres } from '../postgres.ts'
import { askAsEnvproxy } from './envproxy-proof.ts'
import { newSite, type Site } from './site.ts'

let postgres: Postgres
before(async () => {
  postgres = await startPostgres()
})
after(() => postgres.stop())

const minute = 60_000
const says = 'CDE is upgraded to 1.1.0. Workspaces keep running.'

/** Makes a notice as who installs does, of what begins and ends so many minutes from now. */
const notify = async (site: Site, begins: number, ends: number, text = says): Promise<string> =>
  (
    await site.database.query(
      `INSERT INTO notices (kind, says, starts_at, ends_at) VALUES ('upgrade', $1, $2, $3) RETURNING id`,
      [text, new Date(site.time.now + begins * minute), new Date(site.time.now + ends * minute)],
    )
  ).rows[0].id

/** What comes over a WebSocket that watches notices: the sentences of each message. */
async function watch(t: TestContext, site: Site, token: string) {
  if (!site.app.server.listening) await site.app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = site.app.server.address() as { port: number }
  const socket = new WebSocket(`ws://127.0.0.1:${port}/api/v0/notices/watch`, { headers: { 'session-token': token } })
  t.after(() => socket.terminate())
  const heard: string[][] = []
  socket.on('message', (data) => {
    const { type, now, notices } = JSON.parse(data.toString())
    assert.deepEqual([type, now], ['notices', new Date(site.time.now).toISOString()])
    heard.push(notices.map((notice: { says: string }) => notice.says))
  })
  await once(socket, 'open')
  const hears = async (...sentences: string[]) => {
    for (const end = Date.now() + 5_000; heard.at(-1)?.join('|') !== sentences.join('|'); await sleep(10))
      assert.ok(Date.now() < end, `in vain: ${JSON.stringify(heard)}`)
  }
  return { socket, hears }
}

test('a notice is told on every replica at once, to those who come later too, until it is withdrawn or over', async (t) => {
  const site = await newSite(t, postgres)
  const twin = await site.twin()
  await site.user('ada')
  const ada = await site.logIn('ada')
  const early = await watch(t, twin, ada)
  await early.hears()
  const id = await notify(site, 5, 30)
  await early.hears(says)
  await (await watch(t, site, ada)).hears(says)
  await notify(site, 1, 2, 'sooner')
  await early.hears('sooner', says)
  const { now, notices } = (await site.call(ada, 'GET', '/api/v0/notices')).json()
  assert.equal(now, new Date(site.time.now).toISOString())
  assert.deepEqual(notices[1], {
    ...{ id, kind: 'upgrade', says },
    startsAt: new Date(site.time.now + 5 * minute).toISOString(),
    endsAt: new Date(site.time.now + 30 * minute).toISOString(),
  })
  assert.deepEqual((await askAsEnvproxy(site, '/internal/notices')).json(), { now, notices })
  site.time.now += 2 * minute
  await (await watch(t, site, ada)).hears(says)
  await site.database.query('DELETE FROM notices WHERE id = $1', [id])
  await early.hears()
})

test('nobody who is not logged in learns of one, and who no longer is hears no more', async (t) => {
  const site = await newSite(t, postgres)
  await site.user('ada')
  const ada = await site.logIn('ada')
  await notify(site, 5, 30)
  assert.equal((await site.call(undefined, 'GET', '/api/v0/notices')).statusCode, 401)
  assert.equal((await site.call(ada, 'GET', '/internal/notices')).statusCode, 401)
  const { socket } = await watch(t, site, ada)
  await site.call(ada, 'POST', '/auth/logout')
  assert.deepEqual((await once(socket, 'close'))[0], 4401)
})

test('what a terminal would take for more than text is no notice, nor what ends before it begins', async (t) => {
  const site = await newSite(t, postgres)
  for (const text of ['', 'x'.repeat(501), 'a\u001b[2Jb', 'a\nb', 'a\u009b2Jb'])
    await assert.rejects(notify(site, 5, 30, text), { code: '23514' }, JSON.stringify(text))
  await assert.rejects(notify(site, 5, 5), { code: '23514' })
  await assert.rejects(site.database.query("INSERT INTO notices (kind, says) VALUES ('Up grade', 'x')"))
})
