import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { logIn } from '../lab/demo-user.ts'
import type { Change, ReleaseVariant } from '../lab/releases/release-variant.ts'
import { release11, release11rewriting, release12 } from '../lab/releases/releases.ts'
import { labState, recordedProcesses } from '../lab/state.ts'
import { killedAnyTime, killedInEach, thorough } from './killed-in-each.ts'
import { ask } from './second-user.ts'
import { query, type SiteState, siteState } from './site-state.ts'
import {
  assertEnded,
  assertFailed,
  documents,
  type StageEvent,
  startUpgradeSite,
  type UpgradeSite,
} from './upgrade-site.ts'

let site: UpgradeSite
/** of release 1.0, with what people did in it */
let old: SiteState

const broken = (version: string, change: Change, of = release11): ReleaseVariant => ({ ...of, version, change })
const variants = {
  next: release11,
  patched: { ...release11, version: '1.1.1' },
  last: { ...release12, noWayBack: 'the homes are of another kind from then on' },
  unpullable: broken('1.1.12', 'cannot-be-pulled'),
  migrationFails: broken('1.1.13', 'migration-fails'),
  appFails: broken('1.1.14', 'app-fails-after-migration'),
  smokeFails: broken('1.1.15', 'smoke-fails'),
  rewriting: broken('1.1.16', 'app-fails-after-migration', release11rewriting),
}
type Name = keyof typeof variants

before(
  async () => {
    site = await startUpgradeSite(variants, async () => ({}), console.log)
    await writeSomething('ann')
    old = await siteState(site.kubectl)
  },
  { timeout: 30 * 60_000 },
)

after(() => site?.close())

const words = (name: Name, ...flags: string[]) => [
  ...['upgrade', site.bundles[name] ?? '', `--directory=${site.at('backups')}`],
  ...flags,
]
const command = (name: Name, ...flags: string[]) => words(name, '--timeout=60s', ...flags)
const going = ['--yes', '--json']

async function writeSomething(username: string): Promise<void> {
  const admin = await logIn(site.platform, 'admin', site.adminPassword)
  await ask(admin, 201, 'POST', '/api/v0/users', { username, password: 'correct horse battery staple' })
  await admin.close()
}

/** A manager that comes back names the image of its release when it leads again: some seconds later. */
async function assertNothingChanged(): Promise<void> {
  let now = await siteState(site.kubectl)
  for (const end = Date.now() + 30_000; Date.now() < end && !isDeepStrictEqual(now.rows, old.rows); await sleep(1000))
    now = await siteState(site.kubectl)
  assert.deepEqual(now.schema, old.schema)
  assert.deepEqual(now.objects, old.objects)
  assert.deepEqual(now.rows, old.rows)
}

/** Runs a broken release to its end, and finds the site as it was. */
async function comesBack(name: Name): Promise<string> {
  const begun = performance.now()
  const said = assertFailed(await site.run(command(name, ...going), 'state'), 'UPGRADE_CAME_BACK')
  console.log(`${name}: there and back in ${((performance.now() - begun) / 1000).toFixed(1)} s`)
  assert.match(said, /nothing was lost/)
  await assertNothingChanged()
  return said
}

/** A command that fails with a code. Returns what it said. */
async function refused(code: string, name: Name | 'first', ...flags: string[]): Promise<string> {
  const bundles: Record<string, string> = { ...site.bundles, first: site.ground.files.bundle }
  const named = ['upgrade', bundles[name] ?? '', `--directory=${site.at('backups')}`, ...going, ...flags]
  return assertFailed(await site.run(named, 'state'), code)
}

const limit = { timeout: 300_000 }

test('a release that does not follow, and an upgrade where there was none, are refused', limit, async () => {
  assert.match(await refused('UPGRADE_GAP', 'last'), /1\.1\.0/)
  assertFailed(await site.run(['rollback', ...going], 'state'), 'UPGRADE_NO_WAY_BACK')
  await assertNothingChanged()
})

test('an image that no node can unpack ends it before anything changes', limit, async () => {
  const result = await site.run(command('unpullable', ...going), 'state')
  assert.ok(![0, 11].includes(result.exitCode), result.stdout)
  const failed = documents(result).filter(({ type }) => type === 'stage-failed')
  assert.deepEqual(
    failed.map(({ stage }) => stage),
    ['pull'],
    result.stderr,
  )
  await assertNothingChanged()
})

test('a migration that fails half-way comes back', limit, async () => {
  assert.match(await comesBack('migrationFails'), /MIGRATION_FAILED/)
})

test('pages that answer wrongly come back, and nobody else upgrades meanwhile', limit, async () => {
  const other = Promise.withResolvers<Awaited<ReturnType<UpgradeSite['run']>>>()
  let asked = false
  const result = await site.runUntil(
    command('smokeFails', ...going),
    ({ type, stage }) => {
      if (type === 'stage-start' && stage === 'license' && !asked) {
        asked = true
        void site.run(command('next', ...going), 'another').then(other.resolve, other.reject)
      }
      return undefined
    },
    'state',
  )
  assertFailed(result, 'UPGRADE_CAME_BACK')
  assertFailed(await other.promise, 'UPGRADE_BUSY')
  await assertNothingChanged()
})

test('a rewriting migration comes back from the backup, and people can write again', limit, async () => {
  await comesBack('rewriting')
  const before = await query(site.kubectl, 'SELECT username FROM users ORDER BY 1')
  await writeSomething('later')
  assert.equal((await query(site.kubectl, 'SELECT username FROM users ORDER BY 1')).length, before.length + 1)
  old = await siteState(site.kubectl)
})

test('killed in each stage of the way back it comes back all the same', thorough, async () => {
  const { result, killed } = await killedInEach(site, 'back', command('appFails', ...going), async () => {})
  console.log(`killed in ${killed.join(', ')}`)
  assertFailed(result, 'UPGRADE_CAME_BACK')
  assert.ok(
    ['database-ready', 'chart-back', 'database-back', 'smoke', 'history-back'].every((one) => killed.includes(one)),
  )
  await assertNothingChanged()
})

const rounds = 5

test('killed at any moment, there and back and over again, it ends in one release or the other', {
  ...thorough,
  timeout: rounds * 600_000,
}, async () => {
  for (let round = 0; round < rounds; round += 1) {
    const there = await killedAnyTime(site, command('patched', ...going), { times: 2, within: 40_000 })
    console.log(`there, killed after ${there.moments.join(', ')}`)
    assertEnded(there.result, 0)
    assert.equal((await site.run(command('patched', '--plan', '--json'), 'state')).exitCode, 12)
    const back = await killedAnyTime(site, ['rollback', ...going], { times: 2, within: 25_000 })
    console.log(`back, killed after ${back.moments.join(', ')}`)
    assertEnded(back.result, 0)
    await assertNothingChanged()
  }
})

/** Stops the API server for a minute once a command comes to one of these stages; each counts once. */
function apiAway(...stages: string[]): (event: StageEvent) => undefined {
  const left = new Set(stages)
  const server = recordedProcesses(labState(site.ground.lab.name)).find(({ name }) => name === 'kube-apiserver')
  return ({ type, stage = '' }) => {
    if (type !== 'stage-start' || !left.delete(stage)) return
    console.log(`the API server is away in ${stage}`)
    const { pid } = server as { pid: number }
    process.kill(pid, 'SIGSTOP')
    setTimeout(() => process.kill(pid, 'SIGCONT'), 60_000)
  }
}

test('an API server that is away for a minute is waited for, both ways', thorough, async () => {
  const there = await site.runUntil(command('patched', ...going), apiAway('backup', 'deploy'), 'state')
  assertEnded(there, 0)
  assert.match(there.stdout, /waiting for it, then this begins again/)
  assertEnded(await site.runUntil(['rollback', ...going], apiAway('chart-back'), 'state'), 0)
  await assertNothingChanged()
})

test(
  'killed in each stage of an upgrade it comes to its end, and nobody else goes on with another release',
  thorough,
  async () => {
    const { result, killed } = await killedInEach(site, 'forward', command('next', ...going), async (stage) => {
      if (stage !== 'deploy') return
      await refused('UPGRADE_UNFINISHED', 'last')
    })
    console.log(`killed in ${killed.join(', ')}`)
    assertEnded(result, 0)
    const changing = ['pull', 'backup', 'proof', 'begin', 'deploy', 'smoke', 'keep', 'receipt', 'history']
    assert.deepEqual(
      changing.filter((stage) => !killed.includes(stage)),
      [],
    )
    const { exitCode, stdout } = await site.run(command('next', '--plan', '--json'), 'state')
    assert.equal(exitCode, 12, stdout)
    const names = await query<{ name: string }>(site.kubectl, `SELECT name FROM migrations WHERE name > '900'`)
    assert.deepEqual(
      names.map(({ name }) => name.slice(0, 3)),
      ['901'],
    )
    await writeSomething('much-later')
  },
)

test('a release that is whole goes through where others have failed', limit, async () => {
  assertEnded(await site.run(command('next', ...going), 'state'), 0)
})

test('what does not fit release 1.1 is refused, and nothing changes', { timeout: 300_000 }, async () => {
  old = await siteState(site.kubectl)
  const { files } = site.ground
  await refused('BUNDLE_OLDER', 'first')
  await refused('LICENSE_AIRGAP', 'last', `--license=${files.free}`)

  const receipt = 'configmap/sealift-receipt'
  const text = await site.kubectl('get', receipt, '--output=jsonpath={.data.receipt\\.json}')
  const patched = (changed: string) =>
    site.kubectl('patch', receipt, `--patch=${JSON.stringify({ data: { 'receipt.json': changed } })}`)
  await patched(text.replaceAll('sha256:', 'sha256:0'))
  await refused('UPGRADE_RECEIPT', 'last')
  await patched('')
  await refused('UPGRADE_RECEIPT', 'last')
  await patched(text)

  const scaled = (replicas: number) => site.kubectl('scale', 'deployment/cde-dashboard', `--replicas=${replicas}`)
  await scaled(2)
  assert.match(await refused('UPGRADE_CONFLICT', 'last'), /Deployment cde-dashboard: spec\.replicas is set by kubectl/)
  const taken = await site.runUntil(
    command('last', '--take-over', ...going),
    // the stage after the comparison
    ({ type, stage }) => (type === 'stage-start' && stage === 'registry' ? 0 : undefined),
    'state',
  )
  assert.equal(taken.exitCode, -1, taken.stderr)
  await scaled(1)
  await assertNothingChanged()
})

test('a release without a way back stops where it fails, and goes on from there', limit, async () => {
  const stopped = await site.run(words('last', '--timeout=1s', '--take-over', ...going), 'state')
  const said = assertFailed(stopped, 'UPGRADE_NO_WAY_BACK')
  assert.match(said, /\[CLUSTER_(ROLLOUT|HELM_UPGRADE)\].*1\.2\.0 says: the homes are of another kind/)
  assert.match(assertFailed(await site.run(['rollback', ...going], 'state'), 'UPGRADE_NO_WAY_BACK'), /homes/)
  assertEnded(await site.run(command('last', '--take-over', ...going), 'state'), 0)
  assert.match(assertFailed(await site.run(['rollback', ...going], 'state'), 'UPGRADE_NO_WAY_BACK'), /homes/)
})
