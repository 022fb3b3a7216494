import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { CheckResult } from '../../installer/src/checks/check.ts'
import type { CheckReport } from '../../installer/src/checks/report.ts'
import { type CheckSite, startCheckSite } from './provocations/check-site.ts'
import { makeGood } from './provocations/good-site.ts'
import { notHere } from './provocations/not-here.ts'
import { preflight, startPreflight, stateOf } from './provocations/preflight-run.ts'
import type { Provocation } from './provocations/provocation.ts'
import { rounds } from './provocations/rounds.ts'

const end = new AsyncDisposableStack()
let site: CheckSite

before(
  async () => {
    site = await startCheckSite(end)
  },
  { timeout: 30 * 60_000 },
)

after(() => end.disposeAsync())

/** Namespaces that are not about to go. */
const namespaces = async () =>
  JSON.parse(await site.kubectl('get', 'namespaces', '--output=json'))
    .items.filter(({ metadata }: { metadata: { deletionTimestamp?: string } }) => !metadata.deletionTimestamp)
    .map(({ metadata }: { metadata: { name: string } }) => metadata.name)
    .sort()

function show(name: string, { checks, ms }: CheckReport): void {
  console.log(`${name}: ${ms} ms`)
  for (const { id, state, level, found, ms } of checks) console.log(`  ${id}: ${state} (${level}, ${ms} ms): ${found}`)
}

test('Ctrl-C leaves nothing; what a kill of both processes leaves, the next run takes away, and tells that all is well', async (t) => {
  const undo = new AsyncDisposableStack()
  t.after(() => undo.disposeAsync())
  const bare = await namespaces()
  await makeGood(site, undo)
  const name = 'good-site'
  const started = async () => {
    const child = await startPreflight(site, name, {})
    child.stderr.pipe(process.stdout, { end: false })
    // until a trial has begun
    for (const end = Date.now() + 30_000; (await namespaces()).length === bare.length && Date.now() < end; )
      await sleep(100)
    assert.notDeepEqual(await namespaces(), bare)
    return child
  }
  const stopped = await started()
  stopped.kill('SIGINT')
  const [code] = await once(stopped, 'close')
  assert.equal(code, 130)
  assert.deepEqual(await namespaces(), bare)

  const killed = await started()
  const children = (await readFile(`/proc/${killed.pid}/task/${killed.pid}/children`, 'utf8'))
    .trim()
    .split(' ')
    .map(Number)
  for (const pid of [...children, killed.pid as number]) process.kill(pid, 'SIGKILL')
  await once(killed, 'close')
  assert.notDeepEqual(await namespaces(), bare)

  const { exitCode, report } = await preflight(site, name)
  show(name, report)
  assert.equal(exitCode, 0)
  const isMachine = ({ id, state, level }: CheckResult) =>
    state === 'failed' && level === 'warning' && ofThisMachine.includes(id)
  const faults = report.checks.filter((one) => one.state !== 'passed' && !isMachine(one))
  assert.deepEqual(faults, [])
  // what no test changes is told as it is
  const state = (id: string) => report.checks.find((one) => one.id === id)?.state
  const inotify = async (name: string) => Number(await readFile(`/proc/sys/fs/inotify/max_user_${name}`, 'utf8'))
  const enough = (await inotify('instances')) >= 1024 && (await inotify('watches')) >= 65_536
  assert.equal(state('node-watches'), enough ? 'passed' : 'failed')
  assert.equal(state('node-cgroups'), existsSync('/sys/fs/cgroup/cgroup.controllers') ? 'passed' : 'failed')
  assert.deepEqual(await namespaces(), bare)
  assert.ok(!existsSync(stateOf(site, name)))
})

/** What may be warned of here: how large and how busy the machine of the lab is, and how its kernel is set up. */
const ofThisMachine = [
  'node-sizes',
  'capacity',
  'volume',
  'api-latency',
  'database-room',
  // the PostgreSQL beside the cluster is of a later version than the release's
  'database-backup',
  ...Object.keys(notHere),
]

async function provoke(provocation: Provocation): Promise<void> {
  const { name, tells, arrange } = provocation
  const undo = new AsyncDisposableStack()
  const { exitCode, report } = await arrange(site, undo)
    .then((run) => preflight(site, name, run))
    .finally(() => undo.disposeAsync())
  show(name, report)
  assert.equal(exitCode, 6)
  const wrong = Object.entries(tells).flatMap(([id, { level, code, found }]) => {
    const one = report.checks.find((check) => check.id === id)
    const right = one?.state === 'failed' && one.level === level && one.code === code && found.test(one.found ?? '')
    return right && one.needed && one.fix ? [] : [one ?? id]
  })
  assert.deepEqual(wrong, [], name)
}

for (const round of rounds)
  test(`what is wrong is told for what it is: ${round.map(({ name }) => name).join(', ')}`, async () => {
    const ended = await Promise.allSettled(round.map(provoke))
    const failures = ended.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
    if (failures.length > 0) throw failures.length === 1 ? failures[0] : new AggregateError(failures)
  })
