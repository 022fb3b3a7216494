import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { type TestContext, test } from 'node:test'
import type { V1NetworkPolicy, V1Pod } from '@kubernetes/client-node'
import { checkInStage } from '../../../../installer/src/checks/in-stage.ts'
import { networkPolicy } from '../../../../installer/src/checks/network-policy.ts'
import { helloClient, otherwise, type Wanted } from '../../../../installer/src/cluster/hello-programs.ts'
import { probePolicies } from '../../../../installer/src/cluster/policy-probe.ts'
import { createContext } from '../../../../installer/src/install/context.ts'
import { type InstallEvent, reporterOf } from '../../../../installer/src/install/events.ts'
import { fakeKubernetes, terminated } from './fake-kubernetes.ts'

/** What a network makes of policies: whether one pod's packets reach another. */
type Network = (from: V1Pod, to: V1Pod, policies: readonly V1NetworkPolicy[]) => boolean

type Expression = { key: string; values: string[] }
/** `In` alone: the only operator that the probe uses. */
const selects = (selector: unknown, pod: V1Pod): boolean =>
  ((selector as { matchExpressions?: Expression[] })?.matchExpressions ?? []).every(({ key, values }) =>
    values.includes(pod.metadata?.labels?.[key] ?? ''),
  )
/** NetworkPolicy as the API's documentation has it: who is selected may do only what some policy allows. */
const admits: Network = (from, to, policies) =>
  policies
    .filter(({ spec }) => spec?.policyTypes?.includes('Ingress') && selects(spec.podSelector, to))
    .every(({ spec }) =>
      (spec as unknown as { ingress: { from: { podSelector: unknown }[] }[] }).ingress.some((rule) =>
        rule.from.some(({ podSelector }) => selects(podSelector, from)),
      ),
    )
const letsOut: Network = (from, _to, policies) =>
  !policies.some(({ spec }) => spec?.policyTypes?.includes('Egress') && selects(spec.podSelector, from))

const networks: Record<string, Network> = {
  obeys: (...way) => admits(...way) && letsOut(...way),
  ignores: () => true,
  'looks at what comes in only': admits,
  'looks at what goes out only': letsOut,
  'is broken': () => false,
  'breaks with the first policy': (_from, _to, policies) => policies.length === 0,
  'is broken for strangers': (from) => !from.metadata?.name?.startsWith('stranger'),
}

/** A cluster whose pods run at once, over a network. */
async function cluster(t: TestContext, network: Network) {
  const fake = await fakeKubernetes(t)
  fake.put('/api/v1/nodes', { items: [node('a'), node('other', 'arm'), node('b'), node('other', 'arm')] })
  const server = { metadata: { labels: { 'sealift.dev/policy-probe': 'server' } } }
  fake.runPod = (pod, policies) => {
    assert.match(pod.spec?.nodeName ?? '', /^[ab]$/)
    if (pod.metadata?.name === 'server')
      return { podIP: '10.0.0.9', containerStatuses: [{ name: 'probe', state: { running: {} } }] }
    const [host, , wanted] = pod.spec?.containers[0]?.command?.slice(3) ?? []
    assert.equal(host, '10.0.0.9')
    const through = network(pod, server, policies)
    return { containerStatuses: [terminated(through === (wanted === 'through') ? 0 : otherwise)] }
  }
  return fake
}
const node = (name: string, architecture = 'amd64') => ({
  metadata: { name },
  status: { conditions: [{ type: 'Ready', status: 'True' }], nodeInfo: { operatingSystem: 'linux', architecture } },
})

const probe = {
  ...{ namespace: 'cde-policy-probe', image: 'r.example/cde/manager@sha256:a' },
  ...{ nodes: { server: 'a', clients: 'b' }, timeout: 5000, settle: 1000 },
}

for (const [name, code, why] of [
  ['obeys', undefined],
  ['ignores', 'CLUSTER_NETWORK_POLICY', /what comes into a pod and where a pod may go had no effect/],
  ['looks at what comes in only', 'CLUSTER_NETWORK_POLICY', /policies for where a pod may go had/],
  ['looks at what goes out only', 'CLUSTER_NETWORK_POLICY', /policies for what comes into a pod had/],
  ['is broken', 'CLUSTER_POLICY_PROBE', /do not reach one another in a namespace that has no policies/],
  ['is broken for strangers', 'CLUSTER_POLICY_PROBE', /in a namespace that has no policies/],
  ['breaks with the first policy', 'CLUSTER_POLICY_PROBE', /does not reach the one that policies let it reach/],
] as const)
  test(`a network that ${name} ${code ? `is refused: ${code}` : 'is what is wanted'}`, async (t) => {
    const { connect, put } = await cluster(t, networks[name] as Network)
    put(`/api/v1/namespaces/${probe.namespace}`)
    const tried = probePolicies(connect(), probe)
    if (code) await assert.rejects(tried, { code, why })
    else await tried
  })

test('a pod that does not start is told with its reason, not taken for one that is cut off', async (t) => {
  const broken = await fakeKubernetes(t)
  broken.put(`/api/v1/namespaces/${probe.namespace}`)
  broken.runPod = () => ({ containerStatuses: [{ name: 'probe', state: { terminated: { exitCode: 127 } } }] })
  await assert.rejects(probePolicies(broken.connect(), probe), {
    code: 'CLUSTER_POLICY_PROBE',
    why: 'the pod server does not run: 127',
  })
})

test('a pod that the node does not take, or whose image it cannot pull, is not waited for', {
  timeout: 20_000,
}, async (t) => {
  const waiting = { reason: 'ImagePullBackOff', message: 'x509: unknown authority' }
  const pulls = { containerStatuses: [{ name: 'probe', state: { waiting } }] }
  for (const [of, status, why] of [
    ['server', { phase: 'Failed', message: 'not enough cpu' }, /server does not run: not enough cpu/],
    ['stranger-before', pulls, /stranger-before does not run: x509/],
  ] as const) {
    const broken = await cluster(t, networks.obeys as Network)
    broken.put(`/api/v1/namespaces/${probe.namespace}`)
    const { runPod } = broken
    broken.runPod = (pod, policies) => (pod.metadata?.name === of ? status : runPod(pod, policies))
    const tried = probePolicies(broken.connect(), { ...probe, timeout: 600_000 })
    await assert.rejects(tried, { code: 'CLUSTER_POLICY_PROBE', why })
  }
})

/** The check that tries it, as an installation runs it, and what it found. */
async function check(t: TestContext, network: Network, answer: object = {}) {
  const fake = await cluster(t, network)
  const answers = { namespace: 'cde', registry: { address: 'r.example' }, kubeconfig: fake.kubeconfig, ...answer }
  const image = { name: 'manager', reference: 'registry.example/cde/manager:1', digest: 'sha256:a' }
  const bundle = { release: { images: [image], platforms: ['linux/amd64'] } }
  const context = {
    ...createContext(answers as never, { bundle, stateDir: '/nowhere' } as never, t.signal, []),
    objects: async () => [{ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy' }],
  }
  const events: InstallEvent[] = []
  const run = checkInStage(
    [networkPolicy],
    context,
    reporterOf('trial', (event) => events.push(event)),
  )
  return { run, events, ...fake }
}

test('the check tries it in a namespace of its own, with the image by digest, and takes that away', async (t) => {
  const { run, objects, calls, events } = await check(t, networks.obeys as Network)
  await run
  const at = '/api/v1/namespaces/cde-policy-probe'
  assert.equal(calls.filter((call) => call === `POST ${at}/pods`).length, 6)
  assert.ok(objects.get(at)?.metadata?.deletionTimestamp)
  assert.match(JSON.stringify(events), /cut off from another one by policies/)
})

test('a network without policies stops the installation, unless the answers accept it', async (t) => {
  for (const name of ['ignores', 'is broken']) {
    const network = networks[name] as Network
    const refused = await check(t, network)
    await assert.rejects(refused.run, { fix: /ignore: \[network-policy\] in the answers/ })
    const { run, events, objects } = await check(t, network, { ignore: ['network-policy'] })
    await run
    assert.match(
      JSON.stringify(events),
      /"level":"warn","message":"[^"]*network policies[^"]*; the answers accept that/,
    )
    assert.ok(objects.get('/api/v1/namespaces/cde-policy-probe')?.metadata?.deletionTimestamp)
  }
})

test("a client's program tells a server that answers from one that does not, and from one that goes silent", async (t) => {
  const sockets: { end(text: string): void; pause(): void; destroy(): void }[] = []
  let silent = false
  const server = createServer((socket) => {
    sockets.push(socket)
    if (!silent) socket.end('hello')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const run = async (wanted: Wanted, limit: number) => {
    const [, ...args] = helloClient('127.0.0.1', wanted, limit, port)
    const [code] = await once(spawn(process.execPath, args, { stdio: 'inherit' }), 'exit')
    return code
  }
  assert.equal(await run('through', 20_000), 0)
  assert.equal(await run('cut off', 1), otherwise)
  silent = true
  assert.equal(await run('cut off', 20_000), 0)
  assert.equal(await run('through', 1), otherwise)
})
