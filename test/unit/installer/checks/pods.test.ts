import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { nodeCgroups } from '../../../../installer/src/checks/node-cgroups.ts'
import { nodeWatches } from '../../../../installer/src/checks/node-watches.ts'
import { podApi } from '../../../../installer/src/checks/pod-api.ts'
import { podNames } from '../../../../installer/src/checks/pod-names.ts'
import { podRegistry } from '../../../../installer/src/checks/pod-registry.ts'
import { pods } from '../../../../installer/src/checks/pods.ts'
import type { PodFacts, PodQuestions } from '../../../../installer/src/cluster/pod-program.ts'
import { assertFound, node, site } from './site.ts'

type Answered = (questions: PodQuestions, node: string) => Partial<PodFacts>

const addresses: PodFacts['names'][number]['addresses'] = ['10.1.0.9']
/** All as it should be, for whatever is asked. */
const whole = ({ names }: PodQuestions): PodFacts => ({
  names: names.map((name) => ({ name, addresses: /^sealift-check-\w+$/.test(name) ? [] : addresses })),
  registry: { status: 401 },
  api: { status: 403 },
  inotify: { instances: 1024, watches: 65_536 },
  cgroup: 2,
})
const ended = (message: string, exitCode = 0) => ({
  containerStatuses: [{ name: 'probe', state: { terminated: { exitCode, message } } }],
})
const waits = (reason: string, message: string) => ({
  containerStatuses: [{ name: 'probe', state: { waiting: { reason, message } } }],
})

/** A cluster of two nodes whose pods tell what `answered` changes of what is whole. */
async function cluster(t: TestContext, answered: Answered = () => ({}), answer: object = {}) {
  const here = await site(t, { devUrlsHost: 'dev.example', ...answer })
  const image = { name: 'manager', reference: 'registry.example/cde/manager:1', digest: 'sha256:a' }
  Object.assign(here.context.bundle.release, { images: [image] })
  here.nodes(node('a'), node('b'), node('arm', { info: { architecture: 'arm64' } }))
  here.fake.runPod = (pod) => {
    const on = pod.spec?.nodeName ?? ''
    assert.match(on, /^[ab]$/)
    const questions = JSON.parse(pod.spec?.containers[0]?.command?.slice(4).join('') ?? '')
    return ended(JSON.stringify({ ...whole(questions), ...answered(questions, on) }))
  }
  return here
}

test('one pod on each node that fits tells all, and nothing stays of them', async (t) => {
  const { look, calls, objects } = await cluster(t)
  assertFound(await look(pods), 'passed', /^on 2 of 2 nodes$/)
  const at = '/api/v1/namespaces/cde-pods-probe'
  assert.equal(calls.filter((call) => call === `POST ${at}/pods`).length, 2)
  assert.ok(objects.get(at)?.metadata?.deletionTimestamp)
  const before = calls.length
  assertFound(await look(podNames), 'passed', /^kubernetes\.default\.svc, cde\.example, \*\.dev\.example$/)
  assertFound(await look(podRegistry), 'passed', /^10\.0\.0\.5:5000, from pods on a, b$/)
  assertFound(await look(podApi), 'passed', /kubernetes\.default\.svc:443, on a, b/)
  assertFound(await look(nodeWatches), 'passed', /^1024 instances, 65536 watches$/)
  assertFound(await look(nodeCgroups), 'passed', /version 2 on 2 nodes/)
  assert.equal(calls.length, before, 'nothing is asked again')
})

test('without the pods nothing is judged', async (t) => {
  const { look } = await cluster(t)
  for (const check of [podNames, podRegistry, podApi, nodeWatches, nodeCgroups])
    assertFound(await look(check), 'skipped', /no pod told anything/)
})

test('a pod that does not start or tells nothing is told in the words of the cluster', async (t) => {
  const { look, fake, put, nodes } = await cluster(t)
  nodes(node('a'))
  const event = { involvedObject: { name: 'look-0' }, type: 'Warning', reason: 'FailedMount', message: 'no plugin' }
  fake.before = (call) => {
    if (call.endsWith('/events')) put('/api/v1/namespaces/cde-pods-probe/events/one', { kind: 'Event', ...event })
  }
  fake.runPod = () => waits('CreateContainerError', 'no runtime')
  assertFound(await look(pods), 'error', /on node a a pod .*: no runtime; FailedMount: no plugin/, 'CLUSTER_POD')
  fake.runPod = () => ended('', 137)
  assertFound(await look(pods), 'error', /exit code 137/, 'CLUSTER_POD')
  for (const message of ['', 'not JSON', 'null', '{"names":[{}]}']) {
    fake.runPod = () => ended(message)
    assertFound(await look(pods), 'error', /does not run to its end/, 'CLUSTER_POD')
  }
  fake.runPod = () => ({ phase: 'Failed', reason: 'OutOfpods' })
  assertFound(await look(pods), 'error', /OutOfpods/, 'CLUSTER_POD')
})

test('a registry that nodes reach and pods do not is told apart from one that pods reach and a node does not', async (t) => {
  const fromB = await cluster(t, (_, on) => (on === 'b' ? { registry: { error: 'connect ECONNREFUSED' } } : {}))
  await fromB.look(pods)
  const cutOff = /the nodes pull from 10\.0\.0\.5:5000, but pods on b do not reach it: connect ECONNREFUSED/
  assertFound(await fromB.look(podRegistry), 'warning', cutOff, 'CLUSTER_POD_REGISTRY')

  const { look, fake } = await cluster(t)
  const { runPod } = fake
  fake.runPod = (pod, policies) =>
    pod.spec?.nodeName === 'b' ? waits('ImagePullBackOff', 'x509: unknown authority') : runPod(pod, policies)
  assertFound(await look(pods), 'passed', /on 1 of 2 nodes; without the image: b/)
  assertFound(await look(podRegistry), 'passed', /from pods on a, though b cannot pull from it/)
  fake.runPod = () => waits('ImagePullBackOff', 'x509: unknown authority')
  assertFound(await look(pods), 'skipped', /no node pulled the image/)
  assertFound(await look(podRegistry), 'skipped', /no pod told/)
})

test('a registry that pods do not trust, or that is broken for them, is warned of', async (t) => {
  const error = 'unable to verify the first certificate (UNABLE_TO_VERIFY_LEAF_SIGNATURE)'
  const distrusted = await cluster(t, () => ({ registry: { error } }))
  await distrusted.look(pods)
  const result = await distrusted.look(podRegistry)
  assertFound(result, 'warning', /pods on a, b do not trust it: unable/, 'CLUSTER_POD_REGISTRY')
  assert.match(result.fix ?? '', /registry\.caFile .*openssl s_client -connect 10\.0\.0\.5:5000/)
  const broken = await cluster(t, () => ({ registry: { status: 502 } }))
  await broken.look(pods)
  assertFound(await broken.look(podRegistry), 'warning', /it answers 502/, 'CLUSTER_POD_REGISTRY')
})

test('an API server that pods do not reach stops the installation', async (t) => {
  const { look } = await cluster(t, (_, on) => (on === 'a' ? { api: { error: 'no answer in 8 s' } } : {}))
  await look(pods)
  assertFound(await look(podApi), 'error', /pods on a do not reach .*:443: no answer in 8 s/, 'CLUSTER_POD_API')
})

test('names that pods do not find, and names that they find without there being any, are told apart', async (t) => {
  const naming = async (change: (name: string) => Partial<PodFacts['names'][number]> | undefined, answer = {}) => {
    const { look } = await cluster(
      t,
      (questions) => ({ names: whole(questions).names.map((one) => ({ ...one, ...change(one.name) })) }),
      answer,
    )
    await look(pods)
    return await look(podNames)
  }
  const gone = { addresses: [] }
  const code = 'CLUSTER_POD_NAMES'
  const dead = await naming((name) => (name.startsWith('kube') ? { ...gone, error: 'EAI_AGAIN' } : undefined))
  assertFound(dead, 'error', /pods on a, b do not find kubernetes\.default\.svc: EAI_AGAIN/, code)
  const wild = await naming((name) => (name.includes('.') ? undefined : { addresses: ['192.0.2.1'] }))
  assertFound(wild, 'warning', /a name that nobody gave, sealift-check-\w+, leads pods to 192\.0\.2\.1/, code)
  const unknown = await naming((name) => (name.endsWith('.dev.example') || name === 'cde.example' ? gone : undefined))
  assertFound(unknown, 'warning', /no address for cde\.example \(there is no such name\), \*\.dev\.example/, code)
  const registry = { registry: { kind: 'serve', address: 'registry.example:5000/cde' } }
  const pulled = await naming((name) => (name === 'registry.example' ? gone : undefined), registry)
  assertFound(pulled, 'warning', /no address for registry\.example/, code)
})

test('few watches, and control groups of version 1, are warned of', async (t) => {
  const { look } = await cluster(t, (_, on) =>
    on === 'b'
      ? { inotify: { instances: 128, watches: 65_536 }, cgroup: 1 }
      : { inotify: { instances: 1024, watches: 8192 } },
  )
  await look(pods)
  const result = await look(nodeWatches)
  assertFound(
    result,
    'warning',
    /^a: 1024 instances, 8192 watches, b: 128 instances, 65536 watches$/,
    'CLUSTER_NODE_WATCHES',
  )
  assert.match(result.fix ?? '', /sysctl -w fs\.inotify\.max_user_instances=1024 fs\.inotify\.max_user_watches=\d+/)
  assertFound(await look(nodeCgroups), 'warning', /^version 1: b$/, 'CLUSTER_NODE_SYSTEM')
  const blind = await cluster(t, () => ({ inotify: {}, cgroup: undefined }) as object)
  await blind.look(pods)
  assertFound(await blind.look(nodeWatches), 'skipped', /may not see/)
  assertFound(await blind.look(nodeCgroups), 'skipped', /may not see/)
})
