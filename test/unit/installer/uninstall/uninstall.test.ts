import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { InstallEvent } from '../../../../installer/src/install/events.ts'
import { isEmpty, planUninstall } from '../../../../installer/src/uninstall/plan.ts'
import { uninstall } from '../../../../installer/src/uninstall/uninstall.ts'
import { temporaryDirectory } from '../../../fixtures/directory.ts'
import { installed, ofInstaller, ofWorkload, ofWorkspace } from './installed.ts'

const release = { name: 'cde', namespace: 'cde' }

async function site(t: TestContext) {
  const there = await installed(t)
  const directory = join(await temporaryDirectory(t), 'state')
  const plan = (deleteData = false, signal?: AbortSignal) =>
    planUninstall(there.fake.connect(signal), release, deleteData)
  const run = async (deleteData = false, signal?: AbortSignal, patience = 5000) => {
    const cluster = there.fake.connect(signal)
    const events: InstallEvent[] = []
    const state = { directory, isDefault: true }
    const deps = { cluster, state, grace: 1, patience, interval: 10, lockWait: 0 }
    const result = await uninstall(await planUninstall(cluster, release, deleteData), deps, (e) => events.push(e))
    return { ...result, events }
  }
  const inNamespace = () =>
    [...there.objects.keys()].filter((path) => path.includes('/namespaces/cde/')).map((path) => path.split('/').at(-1))
  return { ...there, directory, plan, run, inNamespace }
}

const data = [
  'sealift-answers',
  'sealift-receipt',
  'cde-admin',
  'cde-postgres',
  'cde-ssh',
  'data-cde-postgres-17-0',
  'ws-one-home',
]
const furniture = ['kube-root-ca.crt', 'default', 'one']

test('the plan says what goes, what stays and what it holds; nothing is changed', async (t) => {
  const { plan, calls, answers } = await site(t)
  const metrics = '/api/v1/namespaces/cde/pods/cde-envproxy-1-a:8080/proxy/metrics'
  answers.set(metrics, '# HELP envproxy_sessions Open sessions\nenvproxy_sessions 3\n')
  const kept = await plan()
  assert.deepEqual(kept.keeps.map(({ metadata }) => metadata.name).sort(), [...data].sort())
  assert.deepEqual([kept.workspaces, kept.sessions, kept.helm], [{ all: 1, running: 1 }, 3, 'deployed'])
  assert.equal(kept.volumes.find(({ claim }) => claim === 'data-cde-postgres-17-0')?.bytes, 10 * 2 ** 30)
  assert.deepEqual([kept.removesNamespace, kept.others, kept.unseen], [false, [], []])
  const all = await plan(true)
  assert.deepEqual([all.keeps, all.removesNamespace], [[], true])
  answers.delete(metrics)
  assert.equal((await plan()).sessions, undefined)
  assert.ok(calls.every((call) => call.startsWith('GET ') || call.endsWith('/selfsubjectaccessreviews')))
})

test('data stays unless told; a second time there is nothing to do; told, the namespace goes as well', async (t) => {
  const { run, plan, inNamespace, objects, untouched } = await site(t)
  const first = await run()
  assert.deepEqual(inNamespace().sort(), [...data, ...furniture].sort())
  assert.deepEqual([first.kept.length, first.namespaceRemoved, first.others], [7, false, []])
  assert.ok(isEmpty(await plan()))
  const second = await run(true)
  assert.deepEqual([second.kept, second.namespaceRemoved], [[], true])
  assert.deepEqual([...objects.keys()].sort(), untouched.filter((path) => !path.includes('/namespaces/cde/')).sort())
  assert.ok(isEmpty(await plan(true)))
})

test('the database of every major version that was there is data: it stays, or goes with the rest', async (t) => {
  const { run, plan, put, core, inNamespace } = await site(t)
  put(`${core}/persistentvolumeclaims/data-cde-postgres-15-0`, ofWorkload('postgres'))
  assert.ok((await plan()).volumes.some(({ claim }) => claim === 'data-cde-postgres-15-0'))
  await run()
  assert.ok(inNamespace().includes('data-cde-postgres-15-0'))
  put('/api/v1/persistentvolumes/pv-15', {
    spec: { claimRef: { namespace: 'cde', name: 'data-cde-postgres-15-0' }, persistentVolumeReclaimPolicy: 'Retain' },
    status: { phase: 'Released' },
  })
  const { volumes, namespaceRemoved } = await run(true)
  assert.deepEqual([volumes, namespaceRemoved], [['pv-15'], true])
})

test('pods that would take hours get seconds; no policy goes before the last of them', async (t) => {
  const { run, calls, fake, objects, core } = await site(t)
  const pod = `${core}/pods/cde-envproxy-1-a`
  fake.before = (call) => {
    if (!/^DELETE .*(networkpolicies|secrets|ingressclasses)/.test(call)) return
    assert.ok(!objects.has(pod), call)
  }
  await run()
  assert.equal(calls.filter((call) => call === `DELETE ${pod}`).length, 1)
  // a record goes after all that it tells of
  assert.match(calls.filter((call) => call.startsWith('DELETE')).at(-1) ?? '', /sh\.helm\.release/)
})

test('what the manager makes anew on its last breath is removed again', async (t) => {
  const { run, fake, apps, put, objects } = await site(t)
  let made = 0
  fake.before = (call) => {
    if (call !== `GET ${apps}/deployments` || objects.has(`${apps}/deployments/ws-one`) || made++ > 2) return
    put(`${apps}/deployments/ws-two`, {
      metadata: {
        labels: objects.get(`${apps}/deployments/ws-two`)?.metadata?.labels ?? {
          'app.kubernetes.io/part-of': 'cde',
          'app.kubernetes.io/managed-by': 'cde-manager',
        },
      },
    })
  }
  await run()
  assert.ok(made > 2)
  assert.ok(!objects.has(`${apps}/deployments/ws-two`))
})

test('what comes back after all else has gone is found by the last look, and removed', async (t) => {
  const { run, fake, core, put, objects } = await site(t)
  fake.before = (call) => {
    if (call === `DELETE ${core}/secrets/sh.helm.release.v1.cde.v1`)
      put(`${core}/services/ws-late`, ofWorkspace('late'))
  }
  await run()
  assert.ok(!objects.has(`${core}/services/ws-late`))
})

test('killed at any request, the next run goes on and ends the same', async (t) => {
  const { run, fake, calls, objects, untouched } = await site(t)
  const after = untouched.filter((path) => !path.includes('/namespaces/cde/')).sort()
  for (let at = 1, done = false; !done; at += 9) {
    const kill = new AbortController()
    const end = calls.length + at + 20
    fake.before = () => {
      if (calls.length === end) kill.abort()
    }
    done = await run(true, kill.signal).then(
      () => true,
      () => false,
    )
    assert.ok(at < 400, 'it does not come to an end')
  }
  assert.deepEqual([...objects.keys()].sort(), after)
})

test('what others have in the namespace stays, and keeps it', async (t) => {
  const { run, plan, put, core, inNamespace } = await site(t)
  put(`${core}/secrets/oidc-client`)
  put(`${core}/pods/backup`, {
    metadata: { labels: { 'app.kubernetes.io/part-of': 'cde', 'app.kubernetes.io/managed-by': 'someone' } },
  })
  assert.equal((await plan(true)).removesNamespace, false)
  const result = await run(true)
  assert.deepEqual(result.others.sort(), ['Pod backup', 'Secret oidc-client'])
  assert.equal(result.namespaceRemoved, false)
  assert.deepEqual(inNamespace().sort(), ['backup', 'oidc-client', ...furniture].sort())
})

test('a namespace that Sealift did not make stays, empty', async (t) => {
  const { run, put, objects, inNamespace } = await site(t)
  put('/api/v1/namespaces/cde')
  assert.equal((await run(true)).namespaceRemoved, false)
  assert.ok(objects.has('/api/v1/namespaces/cde'))
  assert.deepEqual(inNamespace().sort(), furniture.sort())
})

test('a finalizer that nobody acts on is named, with the command', async (t) => {
  const { run, objects, core } = await site(t)
  const service = objects.get(`${core}/services/cde-manager`)
  objects.set(`${core}/services/cde-manager`, {
    ...service,
    metadata: { ...service?.metadata, finalizers: ['service.kubernetes.io/load-balancer-cleanup'] },
  })
  await assert.rejects(run(false, undefined, 600), {
    code: 'CLUSTER_LEFT',
    message: 'one object does not go away',
    why: 'Service cde-manager: finalizer service.kubernetes.io/load-balancer-cleanup',
    fix: /describe services cde-manager --namespace cde.*patch services cde-manager/,
  })
})

test('rights that are missing are told together, before anything is removed', async (t) => {
  const { plan, fake, calls } = await site(t)
  fake.allows = ({ verb, resource }) => verb !== 'delete' || !['secrets', 'ingressclasses'].includes(resource)
  await assert.rejects(plan(), {
    code: 'CLUSTER_FORBIDDEN',
    message: /^this user may not delete /,
    why: /nothing was removed; nor may it: /,
    fix: /auth can-i delete /,
  })
  fake.allows = () => true
  fake.forbids = (call) => call === 'GET /apis/networking.k8s.io/v1/ingressclasses'
  await assert.rejects(plan(), {
    code: 'CLUSTER_FORBIDDEN',
    message: 'this user may not list ingressclasses.networking.k8s.io in the whole cluster',
  })
  // a kind of which the installation has nothing need not be seen
  fake.forbids = (call) => call === 'GET /api/v1/namespaces/cde/events'
  assert.deepEqual(
    (await plan()).unseen.map(({ what }) => what),
    ['events'],
  )
  assert.ok(!calls.some((call) => call.startsWith('DELETE')))
})

test('without a record of Helm’s, or with one that cannot be read, all the same goes', async (t) => {
  const { run, objects, put, core, inNamespace } = await site(t)
  const record = `${core}/secrets/sh.helm.release.v1.cde.v1`
  put(record, { ...objects.get(record), data: { release: 'bm90IGEgcmVjb3Jk' } })
  await run()
  assert.deepEqual(inNamespace().sort(), [...data, ...furniture].sort())
  const other = await site(t)
  other.objects.delete(record)
  await other.run()
  assert.deepEqual(other.inNamespace().sort(), [...data, ...furniture].sort())
})

test('a namespace that is being deleted already takes its data with it, and what is outside of it goes', async (t) => {
  const { run, plan, objects, untouched } = await site(t)
  objects.set('/api/v1/namespaces/cde', {
    ...ofInstaller,
    metadata: { ...ofInstaller.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' },
  })
  assert.deepEqual((await plan()).keeps, [])
  assert.equal((await run()).namespaceRemoved, true)
  assert.deepEqual([...objects.keys()].sort(), untouched.filter((path) => !path.includes('/namespaces/cde/')).sort())
})

test('a volume that its class does not remove is named, one that is to be removed is waited for', async (t) => {
  const { run, put, objects } = await site(t)
  const volume = (name: string, policy: string, claim = 'ws-one-home') =>
    put(`/api/v1/persistentvolumes/${name}`, {
      spec: { claimRef: { namespace: 'cde', name: claim }, persistentVolumeReclaimPolicy: policy },
      status: { phase: 'Released' },
    })
  volume('pv-retained', 'Retain')
  volume('pv-of-others', 'Delete', 'backups')
  assert.deepEqual((await run(true)).volumes, ['pv-retained'])
  volume('pv-stuck', 'Delete')
  await assert.rejects(run(true, undefined, 600), { code: 'CLUSTER_LEFT', why: /pv-stuck/ })
  assert.ok(objects.has('/api/v1/persistentvolumes/pv-retained'))
})

test('journal and receipt of this installation go with its data, the key of the CA does not', async (t) => {
  const { run, directory, connect } = await site(t)
  await mkdir(directory)
  const receipt = (server: string) => JSON.stringify({ site: { server, namespace: 'cde' } })
  await writeFile(join(directory, 'sealift-receipt.json'), receipt('https://another'))
  await writeFile(join(directory, 'ca.key'), '')
  const kept = await run(true)
  assert.deepEqual(kept.state, { directory, removed: false, authority: join(directory, 'ca.key') })
  assert.ok(existsSync(join(directory, 'sealift-receipt.json')))
  await writeFile(join(directory, 'sealift-receipt.json'), receipt(connect().server))
  assert.equal((await run(true)).state.removed, true)
  assert.deepEqual(await readdir(directory), ['ca.key'])
})

test('nothing is called gone that could not be looked at', async (t) => {
  const { run, fake, objects, core } = await site(t)
  // an API that fails once the last pod has ended
  fake.forbids = (call) =>
    call === 'GET /apis/networking.k8s.io/v1/namespaces/cde/networkpolicies' && !objects.has(`${core}/pods/ws-one-a`)
  await assert.rejects(run(), { code: 'CLUSTER_LEFT', message: /cannot be told: networkpolicies\.networking\.k8s\.io/ })
})

test('two runs do not work in one state directory', async (t) => {
  const { run, fake, directory } = await site(t)
  await mkdir(directory)
  const { lockState } = await import('../../../../installer/src/stores/state-lock.ts')
  const unlock = await lockState(directory)
  fake.before = (call) => assert.doesNotMatch(call, /^DELETE/)
  await assert.rejects(run(), { code: 'USAGE_LOCKED' })
  unlock()
})
