import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { LookupFunction } from 'node:net'
import { join } from 'node:path'
import { after, before, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { WebSocket } from 'ws'
import { createCookieJar } from '../lab/cookie-jar.ts'
import type { User, Workspace } from '../lab/demo-user.ts'
import { countThrough, type Echo, sshEcho, terminalEcho, until } from './echo.ts'
import { devHost, host, type PlatformSite, startSite } from './platform-site.ts'
import { steadyClient } from './steady-client.ts'
import { counted, openTerminal } from './terminal.ts'
import { watchUpdates } from './watch-updates.ts'

const run = promisify(execFile)
const components = ['manager', 'envproxy', 'dashboard', 'ingress']
const deployments = components.map((component) => `deployment/cde-${component}`)

let site: PlatformSite
let ann: User
/** of her session */
let token = ''
/** where she works, and one that she only changes */
let box: Workspace
let spare: Workspace

before(async () => {
  site = await startSite({
    name: 'rollout',
    dns: [`*.${devHost}`],
    values: async () => ({
      devurls: { host: devHost },
      manager: { replicas: 2 },
      envproxy: { replicas: 2 },
      dashboard: { replicas: 2 },
      ingress: { controller: { replicas: 2 } },
    }),
  })
  ann = site.admin
  const login = await ann.request('POST', '/auth/basic/login', { username: 'admin', password: site.adminPassword })
  token = (login.body as { session_token: string }).session_token
  ;[box, spare] = await Promise.all([small('box'), small('spare')])
  await Promise.all([box, spare].map(({ id }) => ann.waitForWorkspace(id, 120_000)))
  const key = join(site.directory, 'id')
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key])
  const line = (await readFile(`${key}.pub`, 'utf8')).trim()
  assert.equal((await ann.request('POST', '/api/v0/ssh-keys', { name: 'laptop', key: line })).status, 201)
})

after(() => site?.close())

async function small(name: string): Promise<Workspace> {
  const wanted = { name, cpu: 0.25, memoryGiB: 1, diskGiB: 1 }
  const { status, body } = await ann.request('POST', '/api/v0/workspaces', wanted)
  assert.equal(status, 201, JSON.stringify(body))
  return body as Workspace
}

/** A WebSocket of the editor, as its page opens it; what is sent are pings. */
async function editor(): Promise<Echo> {
  const jar = createCookieJar(site.platform)
  const login = { body: { username: 'admin', password: site.adminPassword } }
  await jar.ask('POST', `https://${host}/auth/basic/login`, login)
  const page = (await jar.visit(box.editorUrl ?? '')).at(-1)
  assert.equal(page?.status, 200)
  const { host: name, origin } = new URL(page?.url ?? '')
  const lookup: LookupFunction = (_host, wanted, callback) =>
    wanted.all
      ? callback(null, [{ address: site.lab.nodeAddress, family: 4 }])
      : callback(null, site.lab.nodeAddress, 4)
  const query = 'reconnectionToken=0a0a0a0a-0000-4000-8000-000000000000&reconnection=false&skipWebSocketFrames=false'
  const socket = new WebSocket(`wss://${name}/?${query}`, {
    ...{ ca: site.platform.ca, lookup, origin, headers: { cookie: jar.cookies(name) } },
  })
  await jar.close()
  let shown = ''
  socket.on('pong', (data) => {
    shown += data.toString()
  })
  await once(socket, 'open')
  socket.ping('<0>')
  return {
    send: (text) => socket.ping(text),
    shown: () => shown,
    open: () => socket.readyState === WebSocket.OPEN,
    close: () => socket.close(),
  }
}

/** The names of all pods of the platform, those that leave too. */
const pods = async (): Promise<string[]> =>
  (await site.kubectl(['get', 'pods', '--selector=app.kubernetes.io/instance=cde', '--output=name']))
    .split('\n')
    .filter((name) => components.some((component) => name.startsWith(`pod/cde-${component}-`)))

/** Restarts all four components while people work, and looks at what they notice. */
async function replaceUnderLoad(t: TestContext, name: string): Promise<void> {
  const streams = {
    terminal: await terminalEcho(ann, box.id),
    ssh: sshEcho('admin-box', site.lab.nodeAddress, join(site.directory, 'id')),
    editor: await editor(),
  }
  const watch = watchUpdates(ann)
  t.after(() => {
    watch.close()
    for (const stream of Object.values(streams)) stream.close()
  })
  for (const [what, { shown }] of Object.entries(streams)) await until(what, 20_000, () => counted(shown())[0] === 0)
  const endCounting = countThrough(streams)
  let minutes = 5
  const change = () => {
    minutes = minutes === 600 ? 5 : minutes + 1
    return { autoOffMinutes: minutes }
  }
  const client = steadyClient(site.platform, token, [
    { method: 'GET', path: '/api/v0/workspaces' },
    { method: 'PATCH', path: `/api/v0/workspaces/${spare.id}`, body: change },
    { method: 'GET', path: '/' },
  ])
  t.after(() => client.stop())
  await sleep(1_000)
  const before = await pods()
  const begun = performance.now()
  await site.kubectl(['rollout', 'restart', ...deployments])
  const made = await small(name)
  for (const deployment of deployments) await site.kubectl(['rollout', 'status', deployment, '--timeout=180s'])
  const seconds = (performance.now() - begun) / 1000
  const left = async () => (await pods()).filter((pod) => before.includes(pod))
  // until those are gone that hold nothing open
  await until('old pods go', 60_000, async () => !(await left()).some((pod) => /manager|dashboard/.test(pod)))
  await client.stop()
  t.diagnostic(
    `replaced in ${seconds.toFixed(1)} s; ${client.sent()} requests, the slowest ${client.slowest().toFixed(0)} ms`,
  )
  const failed = client.failures.map(({ at, what, why }) => `${((at - begun) / 1000).toFixed(2)} s ${what}: ${why}`)
  for (const line of failed.slice(0, 40)) t.diagnostic(line)
  if (failed.length > 0) {
    const log = ['logs', '--prefix', '--tail=400', '--selector=app.kubernetes.io/component=ingress']
    t.diagnostic((await site.kubectl(log)).replaceAll(/.*"status":"[1-3]\d\d".*\n/g, ''))
  }
  t.diagnostic(`${await endCounting()} numbers went through each stream`)
  assert.deepEqual(failed, [])
  await ann.waitForWorkspace(made.id, 60_000)
  assert.equal((await ann.request('PATCH', `/api/v0/workspaces/${spare.id}`, { autoOffMinutes: 777 })).status, 200)
  await watch.sees(spare.id, ({ autoOffMinutes }) => autoOffMinutes === 777, 10_000)
  await watch.sees(made.id, ({ status }) => status === 'ON', 10_000)
  for (const one of [watch, ...Object.values(streams)]) one.close()
  await until('pods go that nobody uses any more', 90_000, async () => (await left()).length === 0)
}

test('a notice comes to a terminal and over SSH, beside what is said there, until it is withdrawn', async (t) => {
  const sql = (statement: string) =>
    site.kubectl(['exec', 'cde-postgres-17-0', '--', 'psql', '-U', 'cde', '-d', 'cde', '-qAt', '-c', statement])
  const shell = await openTerminal(ann, box.id)
  const ssh = sshEcho('admin-box', site.lab.nodeAddress, join(site.directory, 'id'))
  t.after(() => {
    shell.close()
    ssh.close()
  })
  await until('a shell', 20_000, () => counted(ssh.shown())[0] === 0)
  const told = () => shell.messages().findLast(({ type }) => type === 'notices')
  const says = 'CDE is upgraded. Workspaces keep running.'
  const id = await sql(
    `INSERT INTO notices (kind, says, starts_at, ends_at) VALUES
       ('upgrade', '${says}', now() + interval '5 min', now() + interval '30 min') RETURNING id`,
  )
  await until('a message', 20_000, () => told()?.notices?.[0]?.says === says)
  await until('a line', 20_000, () => ssh.said().includes(`*** ${says} Begins in `))
  assert.doesNotMatch(shell.shown() + ssh.shown(), /upgraded/)
  await sql(`DELETE FROM notices WHERE id = '${id.trim()}'`)
  await until('the end of it', 20_000, () => told()?.notices?.length === 0)
})

test('two of each are replaced, and nobody notices', { timeout: 240_000 }, (t) => replaceUnderLoad(t, 'between-two'))

test('one of each is replaced, and nobody notices', { timeout: 240_000 }, async (t) => {
  await site.kubectl(['scale', '--replicas=1', ...deployments])
  await until('one of each', 60_000, async () => (await pods()).length === components.length)
  await replaceUnderLoad(t, 'between-one')
})
