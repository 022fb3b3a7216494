import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import type { SealiftError } from '@sealift/bundle-spec/error.ts'
import { volume } from '../../../../installer/src/checks/volume.ts'
import { probeVolume } from '../../../../installer/src/cluster/volume-probe.ts'
import { tryVolume } from '../../../../installer/src/cluster/volume-program.ts'
import { temporaryDirectory } from '../../../fixtures/directory.ts'
import { terminated } from '../cluster/fake-kubernetes.ts'
import { assertFound, site } from './site.ts'

const namespace = 'cde-volume-probe'
const at = `/api/v1/namespaces/${namespace}`
const disk = '/api/v1/persistentvolumes/disk'
const facts = { p50: 1.2, p99: 4.5, writes: 200 }

/** A cluster whose only class makes a volume at once, which is mounted into a pod that ends with a message. */
async function cluster(t: TestContext, message = JSON.stringify(facts), exitCode = 0) {
  const here = await site(t)
  const image = { name: 'manager', reference: 'registry.example/cde/manager:1', digest: 'sha256:a' }
  Object.assign(here.context.bundle.release, { images: [image] })
  const made = (provisioner: string) => {
    const annotations = { 'storageclass.kubernetes.io/is-default-class': 'true' }
    here.answers.set('/apis/storage.k8s.io/v1/storageclasses', {
      items: [{ metadata: { name: 'fast', annotations }, provisioner }],
    })
  }
  made('csi.example')
  here.put(disk, { spec: { persistentVolumeReclaimPolicy: 'Delete' } })
  const claim = `${at}/persistentvolumeclaims/volume`
  here.fake.before = (call) => {
    if (call === `GET ${claim}` && here.objects.has(claim))
      here.put(claim, { ...here.objects.get(claim), spec: { volumeName: 'disk' }, status: { phase: 'Bound' } })
  }
  here.fake.runPod = (pod) => {
    // the scheduler's choice: a volume that is made where its pod is waits for it
    assert.equal(pod.spec?.nodeName, undefined)
    assert.match(JSON.stringify(pod.spec?.affinity), /"kubernetes.io\/arch".*\["amd64"\]/)
    assert.deepEqual(pod.spec?.volumes, [{ name: 'volume', persistentVolumeClaim: { claimName: 'volume' } }])
    const { state } = terminated(exitCode)
    return { containerStatuses: [{ name: 'probe', state: { terminated: { ...state.terminated, message } } }] }
  }
  return { ...here, made }
}

test('a volume is claimed, written and read, and goes with its namespace', async (t) => {
  const { look, objects, calls } = await cluster(t)
  const wanted = /^fast: a write reaches the disk in 1\.2 ms \(p50\), 4\.5 ms \(p99\), of 200$/
  assertFound(await look(volume), 'passed', wanted)
  assert.partialDeepStrictEqual(objects.get(`${at}/persistentvolumeclaims/volume`), {
    metadata: { name: 'volume' },
  })
  assert.ok(calls.includes(`PATCH ${at}/persistentvolumeclaims/volume`))
  assert.ok(objects.get(at)?.metadata?.deletionTimestamp)
})

test('slow writes are warned of, with what was measured', async (t) => {
  const { look } = await cluster(t, JSON.stringify({ ...facts, p99: 20.1 }))
  assertFound(await look(volume), 'warning', /20\.1 ms \(p99\)/, 'CLUSTER_VOLUME_SLOW')
})

test('a volume that cannot be written, or gives back something else, stops the installation', async (t) => {
  for (const [message, code, said] of [
    ["EACCES: permission denied, open '/volume/x'", 1, /of the storage class fast cannot be used: EACCES/],
    ['what was read is not what was written', 1, /cannot be used: what was read/],
    ['', 137, /exit code 137/],
    ['{"p50":"1"}', 0, /cannot be used/],
  ] as const)
    assertFound(await (await cluster(t, message, code)).look(volume), 'error', said, 'CLUSTER_VOLUME')
})

test('a volume that its class keeps is told to go, or named where it stays', async (t) => {
  const { look, put, objects, fake } = await cluster(t)
  put(disk, { spec: { persistentVolumeReclaimPolicy: 'Retain' } })
  assertFound(await look(volume), 'passed', /of 200$/)
  assert.deepEqual(objects.get(disk)?.spec, { persistentVolumeReclaimPolicy: 'Delete' })
  put(disk, { spec: { persistentVolumeReclaimPolicy: 'Retain' } })
  fake.forbids = (call) => call === `PATCH ${disk}`
  assertFound(await look(volume), 'passed', /keeps the volume: kubectl .* delete persistentvolume disk$/)
})

test('volumes that are made by hand are not used up', async (t) => {
  const { look, made, calls } = await cluster(t)
  made('kubernetes.io/no-provisioner')
  assertFound(await look(volume), 'skipped', /made by hand/)
  assert.ok(!calls.some((call) => call.startsWith('POST')))
})

test('what keeps a claim from its volume, or a volume from its pod, is told in the words of the cluster', {
  timeout: 20_000,
}, async (t) => {
  const { fake, put, connect } = await cluster(t)
  const bind = fake.before
  const tried = async (events: object[], waiting: object | undefined, timeout: number, patience = 1) => {
    put(at)
    for (const [i, event] of events.entries()) put(`${at}/events/${i}`, { kind: 'Event', involvedObject: {}, ...event })
    fake.runPod = () => (waiting ? { containerStatuses: [{ name: 'probe', state: { waiting } }] } : {})
    const said: string[] = []
    const probe = { namespace, image: 'r.example/a@sha256:a', storageClass: 'fast', timeout, patience }
    const failed: SealiftError = await probeVolume(connect(), probe, (what) => said.push(what)).then(
      () => assert.fail('it was used'),
      (error) => error,
    )
    return { failed, said }
  }
  fake.before = () => {}
  const none = { type: 'Normal', reason: 'ExternalProvisioning', message: 'Waiting for csi.example' }
  const unmade = await tried([none], undefined, 1)
  assert.equal(unmade.failed.code, 'CLUSTER_VOLUME')
  assert.match(unmade.failed.message, /of the storage class fast is not made/)
  assert.equal(unmade.failed.why, 'ExternalProvisioning: Waiting for csi.example')
  assert.deepEqual(unmade.said, ['Waiting for csi.example'])
  const refused = { type: 'Warning', reason: 'ProvisioningFailed', message: 'quota exceeded' }
  const failing = await tried([refused], undefined, 60_000)
  assert.match(failing.failed.why ?? '', /^ProvisioningFailed: quota exceeded/)
  fake.before = bind
  const mount = { type: 'Warning', reason: 'FailedMount', message: 'no nfs-common' }
  const unmounted = await tried([mount], { reason: 'ContainerCreating' }, 60_000)
  assert.match(unmounted.failed.message, /is not mounted/)
  assert.match(unmounted.failed.why ?? '', /FailedMount: no nfs-common/)
  // not waited for: it does not pass by itself
  const pull = await tried([], { reason: 'ImagePullBackOff', message: 'x509' }, 600_000, 600_000)
  assert.match(`${pull.failed.message} ${pull.failed.why}`, /its pod does not run.* x509/)
})

test('the program measures a directory, and tells why it cannot', async (t) => {
  const directory = await temporaryDirectory(t)
  const out = join(directory, 'last-words')
  const run = (where: string) => promisify(execFile)(process.execPath, tryVolume(where, out).slice(1))
  await run(directory)
  const { p50, p99, writes } = JSON.parse(await readFile(out, 'utf8'))
  assert.ok(p50 >= 0 && p99 >= p50 && writes >= 20)
  await assert.rejects(run(join(directory, 'missing')), { code: 1 })
  assert.match(await readFile(out, 'utf8'), /ENOENT/)
})
