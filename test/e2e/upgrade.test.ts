import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { logIn, type User, type Workspace } from '../lab/demo-user.ts'
import { release11, release12 } from '../lab/releases/releases.ts'
import { countThrough, type Echo, sshEcho, terminalEcho, until } from './echo.ts'
import { ask } from './second-user.ts'
import { query, siteState } from './site-state.ts'
import { type SteadyClient, steadyClient } from './steady-client.ts'
import { counted } from './terminal.ts'
import { assertEnded, assertFailed, documents, startUpgradeSite, type UpgradeSite } from './upgrade-site.ts'

let site: UpgradeSite
let ann: User
/** where she works */
let box: Workspace
const password = 'correct horse battery staple'
/** what people hold open all the time */
let streams: Record<string, Echo> = {}
let endCounting: () => Promise<number>
let client: SteadyClient

before(
  async () => {
    const two = { replicas: 2 }
    const values = { manager: two, envproxy: two, dashboard: two, ingress: { controller: two } }
    site = await startUpgradeSite({ next: release11, last: release12 }, async () => ({ values }), console.log)
    const admin = await logIn(site.platform, 'admin', site.adminPassword)
    await ask(admin, 201, 'POST', '/api/v0/users', { username: 'ann', password })
    await admin.close()
    ann = await logIn(site.platform, 'ann', password)
    const wanted = { name: 'box', cpu: 0.25, memoryGiB: 1, diskGiB: 1 }
    box = await ask<Workspace>(ann, 201, 'POST', '/api/v0/workspaces', wanted)
    await ann.waitForWorkspace(box.id, 120_000)
    await ann.runInTerminal(box.id, 'echo "of release 1.0" > ~/kept.txt; sync')
    const key = site.at('id')
    await promisify(execFile)('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key])
    const line = (await readFile(`${key}.pub`, 'utf8')).trim()
    await ask(ann, 201, 'POST', '/api/v0/ssh-keys', { name: 'laptop', key: line })
    streams = { terminal: await terminalEcho(ann, box.id), ssh: sshEcho('ann-box', site.platform.address, key) }
    for (const [what, { shown }] of Object.entries(streams)) await until(what, 20_000, () => counted(shown())[0] === 0)
    endCounting = countThrough(streams)
  },
  { timeout: 30 * 60_000 },
)

after(async () => {
  await client?.stop()
  for (const stream of Object.values(streams)) stream.close()
  await ann?.close()
  await site?.close()
})

/** from a state directory of its own, as another machine has: answers come from the cluster alone */
const elsewhere = 'elsewhere'
const upgrade = (...flags: string[]) => {
  const { last = '', next = '' } = site.bundles
  // in the wrong order
  return site.run(['upgrade', last, next, `--directory=${site.at('backups')}`, '--json', ...flags], elsewhere)
}

interface Plan {
  type: 'plan'
  from: string
  to: string
  steps: {
    from: string
    to: string
    images: { name: string; isNew: boolean }[]
    migrations: { name: string; class: string }[]
    writesStop: boolean
  }[]
  sessions: number | undefined
}

test('the plan names the way over both releases, and changes nothing', { timeout: 120_000 }, async () => {
  const before = await siteState(site.kubectl)
  const begun = performance.now()
  const result = await upgrade('--plan')
  console.log(`planned in ${((performance.now() - begun) / 1000).toFixed(1)} s`)
  assertEnded(result, 0)
  const [plan] = documents<Plan>(result)
  assert.ok(plan)
  assert.deepEqual(
    plan.steps.map(({ from, to }) => [from, to]),
    [
      ['1.0.0', '1.1.0'],
      ['1.1.0', '1.2.0'],
    ],
  )
  const migrations = plan.steps.map((step) => step.migrations.map((one) => `${one.class} ${one.name.slice(0, 3)}`))
  assert.deepEqual(migrations, [['additive 901'], ['additive 904']])
  for (const { images, writesStop } of plan.steps) {
    const fresh = images.filter(({ isNew }) => isNew).map(({ name }) => name)
    assert.deepEqual(fresh.sort(), ['dashboard', 'envproxy', 'ingress', 'manager', 'workspace'])
    assert.equal(writesStop, false)
  }
  assert.equal(plan.sessions, 2)
  const { objects, schema } = await siteState(site.kubectl)
  assert.deepEqual({ objects, schema }, { objects: before.objects, schema: before.schema })
})

/** The names of the lab's own migrations that the database has. */
const ofTheLab = async () => {
  const names = await query<{ name: string }>(site.kubectl, `SELECT name FROM migrations ORDER BY name`)
  return names.map(({ name }) => name.slice(0, 3)).filter((name) => name > '900')
}

const remembered = () =>
  query(site.kubectl, 'SELECT id::text FROM users UNION SELECT id::text FROM workspaces ORDER BY id')

const history = async () => {
  const result = await site.run(['history', '--json'])
  assertEnded(result, 0)
  const { entries } = JSON.parse(result.stdout)
  return entries.map(({ what, from, to, outcome }: Record<string, { version: string }>) =>
    [what, from?.version, to?.version, outcome].filter(Boolean).join(' '),
  )
}

const receipt = async () =>
  JSON.parse(await site.kubectl('get', 'configmap', 'sealift-receipt', '--output=jsonpath={.data.receipt\\.json}'))

/** Somebody who asks the API and the dashboard all the time, and changes something. */
async function startAsking(): Promise<SteadyClient> {
  const login = await ann.request('POST', '/auth/basic/login', { username: 'ann', password })
  let minutes = 5
  const body = () => {
    minutes = minutes === 600 ? 5 : minutes + 1
    return { autoOffMinutes: minutes }
  }
  return steadyClient(site.platform, (login.body as { session_token: string }).session_token, [
    { method: 'GET', path: '/api/v0/workspaces' },
    { method: 'PATCH', path: `/api/v0/workspaces/${box.id}`, body },
    { method: 'GET', path: '/' },
  ])
}

/** Fails where a request failed since the last time. */
async function assertNobodyNoticed(what: string): Promise<void> {
  await client.stop()
  console.log(`${what}: ${client.sent()} requests, the slowest ${client.slowest().toFixed(0)} ms`)
  assert.deepEqual(client.failures, [])
  for (const [name, { open }] of Object.entries(streams)) assert.ok(open(), `${name} has ended`)
}

test('one command goes over both, and nobody notices', { timeout: 300_000 }, async () => {
  const before = await remembered()
  client = await startAsking()
  const begun = performance.now()
  const result = await upgrade('--yes')
  assertEnded(result, 0)
  console.log(`two releases in ${((performance.now() - begun) / 1000).toFixed(1)} s`)
  assert.deepEqual(documents<{ type: string; version: string }>(result).at(-1), {
    ...{ type: 'result', version: '1.2.0', namespace: 'cde' },
  })
  await assertNobodyNoticed('upgrade')
  assert.deepEqual(await remembered(), before)
  assert.match(await ann.runInTerminal(box.id, 'cat ~/kept.txt'), /of release 1\.0/)
  assert.deepEqual(await ofTheLab(), ['901', '904'])
  assert.deepEqual(await history(), ['install 1.0.0 done', 'upgrade 1.0.0 1.1.0 done', 'upgrade 1.1.0 1.2.0 done'])
  assert.equal((await receipt()).release.version, '1.2.0')
  const { lines } = JSON.parse((await site.run(['status', '--json'])).stdout)
  // events tell of pods that begin
  const wrong = lines.filter(({ id, state }: Record<string, string>) => state === 'failed' && id !== 'events')
  assert.deepEqual(wrong, [])
  assertEnded(await upgrade('--plan'), 12)
  assert.ok(!(await readdir(site.at(elsewhere))).includes('site'), 'keys of the site do not stay on the machine')
})

test('by hand it goes back by one, keeps what was written since, and no further', { timeout: 300_000 }, async () => {
  const admin = await logIn(site.platform, 'admin', site.adminPassword)
  await ask(admin, 201, 'POST', '/api/v0/users', { username: 'since', password })
  await admin.close()
  const before = await remembered()
  client = await startAsking()
  const back = ['rollback', '--yes', '--json']
  const result = await site.run(back, elsewhere)
  assertEnded(result, 0)
  assert.deepEqual(documents(result).at(-1), { type: 'result', version: '1.1.0', lost: [] })
  await assertNobodyNoticed('rollback')
  assert.deepEqual(await remembered(), before)
  assert.deepEqual(await ofTheLab(), ['901'])
  assert.equal((await receipt()).release.version, '1.1.0')
  assert.equal((await history()).at(-1), 'rollback 1.2.0 1.1.0 done')
  assert.match(await site.kubectl('get', 'configmap', 'sealift-answers', '--output=yaml'), /bundle: .*\/next\.bundle/)
  assertFailed(await site.run(back, elsewhere), 'UPGRADE_NO_WAY_BACK')
  console.log(`${await endCounting()} numbers went through each stream`)
})
