import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { helmRecord, ofWorkspace } from '../uninstall/installed.ts'
import { healthy } from './healthy.ts'

test('an installation of which everything runs says so, line by line', async (t) => {
  const { look, changed } = await healthy(t)
  const { lines, error, line } = await look()
  assert.equal(error, undefined)
  assert.deepEqual(
    lines.filter(({ state }) => state !== 'passed'),
    [],
  )
  assert.match(line('release')?.found ?? '', /^cde 0\.1\.0, installed 2026-01-02T03:04:05Z, revision 1$/)
  assert.match(line('site')?.found ?? '', /https:\/\/cde\.example\/, mode airgapped, images from 10\.0\.0\.5:5000/)
  assert.match(line('license')?.found ?? '', /^enterprise for .*, \d+ seats, ends \d{4}-\d\d-\d\d, in \d+ days$/)
  assert.match(line('workload-cde-manager')?.found ?? '', /^1 of 1 ready$/)
  assert.match(line('certificate')?.found ?? '', /^for cde\.example, ends .*, in 82\d days$/)
  assert.match(line('database')?.found ?? '', /10\.7 GB, 500 B used|50 %/)
  assert.equal(line('workspaces')?.found, '1 in all, 1 on')
  assert.equal(lines.filter(({ id }) => id.startsWith('route-')).length, 3)
  assert.deepEqual(changed, [])
})

test('what does not run fails the status, with the pods’ own words and what helps', async (t) => {
  const { look, put, objects, apps, core, routes } = await healthy(t)
  objects.delete(`${apps}/deployments/cde-dashboard`)
  const manager = objects.get(`${apps}/deployments/cde-manager`)
  put(`${apps}/deployments/cde-manager`, { ...manager, status: { readyReplicas: 0 } })
  const waiting = { reason: 'ImagePullBackOff', message: 'registry says no' }
  put(`${core}/pods/cde-manager-1-a`, {
    metadata: { labels: { 'app.kubernetes.io/part-of': 'cde', 'app.kubernetes.io/component': 'manager' } },
    status: { phase: 'Pending', containerStatuses: [{ name: 'manager', state: { waiting } }] },
  })
  routes['/api/v0/me'] = 502
  routes.upgrade = 426
  const { error, line } = await look()
  assert.equal(error?.code, 'CLUSTER_UNHEALTHY')
  assert.match(error?.why ?? '', /cde-manager: 0 of 1 ready; .*cde-dashboard: Deployment cde-dashboard does not exist/)
  assert.match(line('workload-cde-manager')?.found ?? '', /ImagePullBackOff: registry says no/)
  assert.match(line('workload-cde-dashboard')?.fix ?? '', /run the installation again/)
  const route = line('route-manager-cde.example')
  assert.deepEqual([route?.state, route?.level], ['failed', 'error'])
  assert.match(route?.found ?? '', /status 502 where 401 was expected/)
  const upgrade = line('route-envproxy-cde.example')
  assert.match(upgrade?.found ?? '', /status 426 .*the upgrade to a WebSocket was lost/)
  assert.match(upgrade?.fix ?? '', /headers Upgrade and Connection/)
})

test('what somebody changed since the release was installed is told, with who did it where that is known', async (t) => {
  const { look, fake, put, objects, apps, core, release } = await healthy(t)
  const manager = objects.get(`${apps}/deployments/cde-manager`)
  const managedFields = [
    {
      ...{ manager: 'kubectl-edit', operation: 'Update', time: '2026-01-02T03:04:05Z', fieldsType: 'FieldsV1' },
      fieldsV1: { 'f:spec': { 'f:selector': { 'f:matchLabels': { 'f:app.kubernetes.io/component': {} } } } },
    },
  ]
  const spec = { replicas: 1, selector: { matchLabels: { 'app.kubernetes.io/component': 'other' } } }
  put(`${apps}/deployments/cde-manager`, {
    ...manager,
    spec,
    metadata: { ...manager?.metadata, managedFields } as object,
  })
  objects.delete(`${apps}/deployments/cde-dashboard`)
  const drift = (await look()).line('drift')
  assert.deepEqual([drift?.state, drift?.level], ['failed', 'warning'])
  assert.deepEqual(drift?.found.split('\n'), [
    'Deployment cde-manager: spec.selector.matchLabels[app.kubernetes.io/component]: manager -> other, by kubectl-edit at 2026-01-02 03:04 UTC',
    'Deployment cde-dashboard is missing',
  ])

  const before = fake.intercept
  const message =
    'deployments.apps "cde-manager" is forbidden: User "u" cannot patch resource "deployments" in API group "apps"'
  fake.intercept = (call, body) => (call.includes('dryRun') ? [403, { kind: 'Status', message }] : before(call, body))
  const unknown = (await look()).line('drift')
  assert.equal(unknown?.state, 'skipped')
  assert.match(
    unknown?.found ?? '',
    /^cannot be known: .*does not allow this user to try Deployment cde-manager: .*cannot patch/,
  )
  release('pending-upgrade')
  assert.equal((await look()).line('drift'), undefined)
  put(`${core}/secrets/sh.helm.release.v1.cde.v1`, { ...helmRecord({}), data: { release: '' } })
  assert.match((await look()).line('drift')?.found ?? '', /record of the release cannot be read/)
})

test('what works until something else happens warns, and leaves the exit code alone', async (t) => {
  const { look, inForce, receipt, volume, put, core, objects } = await healthy(t)
  const now = Math.floor(Date.now() / 1000)
  inForce({ license_expires: now + 5 * 86_400, exp: now + 10 * 86_400 })
  receipt({ accepted: ['network-policy'] })
  volume(850)
  const event = (pod: string, reason: string, ago: number) =>
    put(`${core}/events/${pod}-${reason}`, {
      type: 'Warning',
      reason,
      message: 'as it says',
      involvedObject: { kind: 'Pod', name: pod },
      lastTimestamp: new Date(Date.now() - ago).toISOString(),
    })
  const pod = objects.get(`${core}/pods/cde-manager-1-a`)
  put(`${core}/pods/cde-manager-1-b`, { ...pod, metadata: { labels: pod?.metadata?.labels ?? {} }, status: {} })
  event('cde-manager-1-b', 'BackOff', 60_000)
  event('cde-manager-1-b', 'Old', 2 * 3_600_000)
  event('cde-manager-1-a', 'Unhealthy', 60_000)
  event('cde-gone', 'Failed', 60_000)
  const { error, lines, line } = await look()
  assert.equal(error, undefined)
  const warnings = lines.filter(({ state, level }) => state === 'failed' && level === 'warning').map(({ id }) => id)
  assert.deepEqual(warnings, ['accepted', 'license', 'database', 'events'])
  assert.equal(line('accepted')?.found, 'network-policy')
  assert.match(line('license')?.found ?? '', /in 5 days$/)
  assert.match(line('database')?.found ?? '', /85 %/)
  assert.equal(line('events')?.found, 'Pod cde-manager-1-b: BackOff: as it says')
})

test('a license that ended, a full volume and a release that is not done are named', async (t) => {
  const { look, inForce, volume, release } = await healthy(t)
  inForce({ license_expires: 1_000_000, exp: 2_000_000 }, 'expired')
  volume(990)
  release('pending-upgrade')
  const { error, line } = await look()
  assert.deepEqual([line('license')?.state, line('license')?.level], ['failed', 'error'])
  assert.equal(line('release')?.found, 'the release is pending-upgrade, revision 1')
  assert.match(line('database')?.found ?? '', /99 %/)
  assert.equal(error?.code, 'CLUSTER_UNHEALTHY')
})

test('the volume of the major version that runs is looked at, not the one that an upgrade has left', async (t) => {
  const { look, put, objects, apps, core } = await healthy(t)
  const spec = { resources: { requests: { storage: '10Gi' } } }
  const claim = `${core}/persistentvolumeclaims/data-cde-postgres`
  const { metadata, ...current } = objects.get(`${claim}-17-0`) ?? {}
  const name = 'data-cde-postgres-15-0'
  put(`${claim}-15-0`, { ...current, metadata: { ...metadata, name }, spec, status: { phase: 'Lost' } })
  const { line } = await look()
  assert.match(line('database')?.found ?? '', /^data-cde-postgres-17-0, /)
  assert.match(
    line('database-kept')?.found ?? '',
    /^data-cde-postgres-15-0 \(10\.7 GB\).* delete pvc data-cde-postgres-15-0$/,
  )
  objects.delete(`${claim}-17-0`)
  assert.equal((await look()).line('database')?.found, 'data-cde-postgres-17-0 does not exist')
  objects.delete(`${core}/secrets/sh.helm.release.v1.cde.v1`)
  put(`${core}/secrets/sh.helm.release.v1.cde.v1`, { metadata: { labels: { owner: 'helm', name: 'cde' } } })
  objects.delete(`${apps}/statefulsets/cde-postgres-17`)
  assert.equal((await look()).line('database')?.state, 'skipped')
})

test('without some rights each line says why it cannot be known; without all of them nobody can tell', async (t) => {
  const { look, fake } = await healthy(t)
  fake.forbids = (call) => /secrets|stats|events/.test(call)
  const some = await look()
  assert.equal(some.error, undefined)
  assert.match(some.line('license')?.found ?? '', /^enterprise, license lic-1, ends /)
  for (const id of ['release', 'certificate', 'database-use', 'events'])
    assert.match(some.line(id)?.found ?? '', /^cannot be known: .*(not allow|Forbidden)/, id)
  assert.equal(some.line('workload-cde-manager')?.state, 'passed')
  fake.forbids = (call) => call.includes('/namespaces/cde/')
  const none = await look()
  assert.equal(none.error?.code, 'CLUSTER_FORBIDDEN')
  assert.ok(none.lines.every(({ state }) => state === 'skipped'))
})

test('where nothing is installed, or only the data of what was, that is said', async (t) => {
  const { look, objects, core } = await healthy(t)
  objects.delete(`${core}/secrets/sh.helm.release.v1.cde.v1`)
  await assert.rejects(look(), { code: 'CLUSTER_NOT_INSTALLED', why: /the data of cde 0\.1\.0 is there/ })
  objects.clear()
  await assert.rejects(look(), { code: 'CLUSTER_NOT_INSTALLED', why: /has no release there/ })
})

test('the command shows one screen, ends with 6 where something does not run, and is one document for machines', async (t) => {
  const { fake, routes } = await healthy(t)
  const cli = join(import.meta.dirname, '../../../../installer/src/cli/sealift.mjs')
  const run = (...words: string[]) =>
    new Promise<[number, string, string]>((resolve) =>
      execFile(
        process.execPath,
        [cli, 'status', '--kubeconfig', fake.kubeconfig, ...words],
        { env: { ...process.env, NO_COLOR: '1' } },
        (error, stdout, stderr) => resolve([Number(error?.code ?? 0), stdout, stderr]),
      ),
    )
  const [fine, screen] = await run()
  assert.equal(fine, 0)
  assert.match(screen, /^ok +cde-manager +1 of 1 ready$/m)
  routes['/'] = 503
  const [exitCode, , stderr] = await run()
  assert.equal(exitCode, 6)
  assert.match(stderr, /\[CLUSTER_UNHEALTHY\]/)
  const [same, stdout] = await run('--json')
  const document = JSON.parse(stdout)
  assert.deepEqual([same, document.healthy, document.error.code], [6, false, 'CLUSTER_UNHEALTHY'])
})

test('workspaces that run from a registry of before are named, until they have followed', async (t) => {
  const { look, put, apps } = await healthy(t)
  const workspace = (id: string, image: string, { replicas = 1, ofRelease = true } = {}) =>
    put(`${apps}/deployments/ws-${id}`, {
      ...ofWorkspace(id),
      spec: {
        replicas,
        template: {
          metadata: { annotations: ofRelease ? { 'sealift.dev/release-image': 'true' } : {} },
          spec: { containers: [{ name: 'workspace', image }] },
        },
      },
      status: { availableReplicas: replicas },
    })
  const before = '10.0.0.55:5000/cde/workspace@sha256:1'
  workspace('one', '10.0.0.5:5000/cde/workspace@sha256:1')
  workspace('off', before, { replicas: 0 })
  workspace('own', 'tools.example/python:3', { ofRelease: false })
  assert.equal((await look()).line('workspace-images')?.state, 'passed')
  // its name begins as the registry's does
  workspace('two', '10.0.0.5:50001/cde/workspace@sha256:1')
  workspace('three', before)
  const { error, line } = await look()
  const { state, level, found, fix } = line('workspace-images') ?? {}
  assert.deepEqual([error, state, level], [undefined, 'failed', 'warning'])
  assert.match(found ?? '', /^2 still run from another registry than 10\.0\.0\.5:5000, such as .*: ws-two, ws-three$/)
  assert.match(fix ?? '', /stop and start/)
})

test('backups: none, an old one and one that was never proven are warned of', async (t) => {
  const { look, backups } = await healthy(t)
  const seen = async () => {
    const { error, line } = await look()
    assert.equal(error, undefined)
    const { state, found = '', fix = '' } = line('backups') ?? {}
    return { state, found, fix }
  }
  assert.match((await seen()).found, /^1 known, the newest of .* UTC, proven, \/backups\/1\.backup on pier$/)
  backups({ proven: 'yes' }, {})
  assert.match((await seen()).fix, /^prove .*sealift backup verify \/backups\/1\.backup --prove$/)
  backups({ proven: 'yes', created: new Date(Date.now() - 10 * 86_400_000).toISOString() })
  assert.match((await seen()).fix, /sealift backup schedule/)
  backups()
  assert.match((await seen()).found, /^none/)
})

test('an upgrade that has not ended fails the status, one that came back warns, and one that ended says how to take it back', async (t) => {
  const { look, put, core } = await healthy(t)
  const release = (version: string) => ({ name: 'cde', version, digest: `sha256:${version}` })
  const seen = async (changes: object) => {
    const record = {
      ...{ started: '2026-11-30T01:00:00Z', host: 'pier', direction: 'forward', changes: true, writesStopped: false },
      ...{ apiVersion: 'sealift.dev/v1', kind: 'Upgrade', passed: false, to: release('1.1.0') },
      from: { ...release('1.0.0'), revision: 1, migrations: [], postgres: 17, answers: '', receipt: '{}' },
      ...changes,
    }
    put(`${core}/configmaps/sealift-upgrade`, { data: { 'upgrade.json': JSON.stringify(record) } })
    const { error, line } = await look()
    const { state, level, found = '', fix = '' } = line('upgrade') ?? {}
    return { code: error?.code, state, level, found, fix }
  }
  const ended = '2026-11-30T01:10:00Z'
  const open = await seen({ writesStopped: true })
  assert.deepEqual([open.code, open.level], ['CLUSTER_UNHEALTHY', 'error'])
  assert.match(
    open.found,
    /1\.0\.0 → 1\.1\.0 was begun at 2026-11-30 01:00 UTC from pier and has not ended; nobody can write/,
  )
  assert.match(open.fix, /sealift upgrade with the bundle of 1\.1\.0/)
  assert.equal((await seen({ changes: false })).level, 'warning')
  assert.match((await seen({ direction: 'back', takenBack: ended })).fix, /sealift rollback/)
  assert.match((await seen({ ended })).found, /1\.1\.0 at 2026-11-30 01:10 UTC; sealift rollback takes it back/)
  assert.match((await seen({ ended, direction: 'back', takenBack: ended })).found, /was taken back at/)
  const back = await seen({
    ended,
    direction: 'back',
    failed: { stage: 'deploy', code: 'CLUSTER_ROLLOUT', message: 'the manager crashes' },
  })
  assert.deepEqual([back.state, back.level], ['failed', 'warning'])
  assert.match(back.found, /failed, and 1\.0\.0 came back at .*: the manager crashes/)
})
