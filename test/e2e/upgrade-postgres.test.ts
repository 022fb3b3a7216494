import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { run } from '../lab/command.ts'
import { logIn, type User, type Workspace } from '../lab/demo-user.ts'
import { release10on15, release11 } from '../lab/releases/releases.ts'
import { helmBinary } from '../lab/tools.ts'
import { databaseOf } from './database-of.ts'
import { killedInEach, thorough } from './killed-in-each.ts'
import { ask } from './second-user.ts'
import { assertEnded, assertFailed, type StageEvent, startUpgradeSite, type UpgradeSite } from './upgrade-site.ts'

const chart = join(import.meta.dirname, '../../manifests/chart')
const account = { password: 'correct horse battery' }

let site: UpgradeSite

before(
  async () => {
    const next = { ...release11, version: '1.1.17', postgres: 17 } as const
    const broken = { ...release11, version: '1.1.18', postgres: 17, change: 'smoke-fails' } as const
    site = await startUpgradeSite({ next, broken }, async () => ({}), console.log, release10on15)
    await asAdmin(async (admin) => {
      await ask(admin, 201, 'POST', '/api/v0/users', { username: 'ann', ...account })
      const wanted = { name: 'box', cpu: 0.25, memoryGiB: 1, diskGiB: 1 }
      const box = await ask<Workspace>(admin, 201, 'POST', '/api/v0/workspaces', wanted)
      await admin.waitForWorkspace(box.id, 120_000)
    })
  },
  { timeout: 30 * 60_000 },
)

after(() => site?.close())

const command = (bundle = '') => ['upgrade', bundle, `--directory=${site.at('backups')}`, '--timeout=1m', '--yes']
const upgrade = (bundle: string | undefined) => site.run(command(bundle))

async function asAdmin<T>(work: (admin: User) => Promise<T>): Promise<T> {
  const admin = await logIn(site.platform, 'admin', site.adminPassword)
  try {
    return await work(admin)
  } finally {
    await admin.close()
  }
}

const database = () => databaseOf(site.ground.site.kubeconfig)

const claims = async () => {
  const lines = await site.kubectl(
    'get',
    'pvc',
    '--output=jsonpath={range .items[*]}{.metadata.name}={.status.phase} {end}',
  )
  return lines.split(' ').filter((line) => line.includes('postgres'))
}

const addUser = (username: string) =>
  asAdmin((admin) => ask(admin, 201, 'POST', '/api/v0/users', { username, ...account }))

test('a chart of another major version does not begin with an empty database beside the one that is there', async () => {
  const to = ['upgrade', 'cde', chart, '--namespace=cde', `--kubeconfig=${site.ground.site.kubeconfig}`]
  const helm = async (...flags: string[]) => run(await helmBinary(), [...to, '--dry-run=server', ...flags])
  await assert.rejects(helm(), {
    why: /the database is in data-cde-postgres-15-0, and this release has PostgreSQL 17.*sealift upgrade/,
  })
  await helm('--set=postgres.major=15')
  await helm('--set=postgres.isPlan=true')
})

test('a broken release on PostgreSQL 17 comes back to the volume of 15', { timeout: 300_000 }, async () => {
  const before = await database()
  assert.deepEqual([before.major, before.stopped, await claims()], [15, false, ['data-cde-postgres-15-0=Bound']])
  const { exitCode, stdout, stderr } = await upgrade(site.bundles.broken)
  assert.notEqual(exitCode, 0, stdout)
  assert.match(stderr, /UPGRADE_CAME_BACK/)
  assert.match(stderr, /nothing was lost/)
  assert.deepEqual(await database(), before)
  assert.deepEqual(await claims(), ['data-cde-postgres-15-0=Bound'])
  await addUser('bert')
})

test('killed in each stage of the way back it is on 15 all the same', thorough, async () => {
  const before = await database()
  const { result, killed } = await killedInEach(site, 'back', [...command(site.bundles.broken), '--json'])
  console.log(`killed in ${killed.join(', ')}`)
  assertFailed(result, 'UPGRADE_CAME_BACK')
  assert.ok(killed.includes('volume-back'))
  assert.deepEqual(await database(), before)
  assert.deepEqual(await claims(), ['data-cde-postgres-15-0=Bound'])
})

test('the data of PostgreSQL 15 is in 17, and the old volume stays', { timeout: 300_000 }, async () => {
  const before = await database()
  const { exitCode, stdout, stderr } = await upgrade(site.bundles.next)
  assert.equal(exitCode, 0, stderr)
  assert.match(stdout, /PostgreSQL 15 → 17/)
  assert.doesNotMatch(stdout, /Secret cde-(postgres|ssh)/, 'the plan changes no secret')
  assert.match(stderr, /delete pvc data-cde-postgres-15-0/)
  assert.deepEqual(await database(), { ...before, major: 17 })
  assert.deepEqual(await claims(), ['data-cde-postgres-15-0=Bound', 'data-cde-postgres-17-0=Bound'])
  await addUser('carl')
})

test('taken back by hand, it is what it was before, and says what that loses', { timeout: 300_000 }, async () => {
  const { exitCode, stdout, stderr } = await site.run(['rollback', '--yes'])
  assert.equal(exitCode, 0, stderr)
  assert.match(stdout, /users: 1 row more than then/)
  const { major, stopped } = await database()
  assert.deepEqual([major, stopped, await claims()], [15, false, ['data-cde-postgres-15-0=Bound']])
  await addUser('carl')
})

test('killed while Helm brings the release, and taken back by hand, it is on 15', thorough, async () => {
  const before = await database()
  const kill = ({ type, stage }: StageEvent) => (type === 'stage-start' && stage === 'deploy' ? 3000 : undefined)
  const killed = await site.runUntil([...command(site.bundles.next), '--json'], kill, 'state')
  assert.equal(killed.exitCode, -1)
  assertEnded(await site.run(['rollback', '--yes'], 'state'), 0)
  assert.deepEqual(await database(), before)
  assert.deepEqual(await claims(), ['data-cde-postgres-15-0=Bound'])
  assert.doesNotMatch(await site.kubectl('get', 'statefulsets'), /cde-postgres-17/)
})

test('killed in each stage its data comes to 17 all the same', thorough, async () => {
  const before = await database()
  const { result, killed } = await killedInEach(site, 'forward', [...command(site.bundles.next), '--json'])
  console.log(`killed in ${killed.join(', ')}`)
  assertEnded(result, 0)
  assert.ok(killed.includes('move'))
  assert.deepEqual(await database(), { ...before, major: 17 })
  await addUser('dora')
})
