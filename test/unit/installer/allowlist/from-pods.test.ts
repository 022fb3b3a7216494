import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { type TestContext, test } from 'node:test'
import type { V1Pod } from '@kubernetes/client-node'
import { checkEndpoints } from '../../../../installer/src/allowlist/check/check.ts'
import { fromNodes, fromPods } from '../../../../installer/src/allowlist/check/from-pods.ts'
import { allowlistOf } from '../../../fixtures/allowlist.ts'
import { code } from '../../../fixtures/code.ts'
import { freePort } from '../../../fixtures/free-port.ts'
import { node, site } from '../checks/site.ts'

const at = '/api/v1/namespaces/cde-allowlist'
const egress = [{ to: [{ ipBlock: { cidr: '0.0.0.0/0', except: ['169.254.169.254/32'] } }] }]
const policy = (component: string, rules: unknown[]) => ({
  ...{ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy' },
  metadata: { name: `cde-${component}`, labels: { 'app.kubernetes.io/component': component } },
  spec: { podSelector: { matchLabels: { a: 'b' } }, egress: rules },
})

/** A cluster whose pods run for real, in this machine's network; `said` is what a pod wrote instead. */
async function cluster(t: TestContext, said?: (real: string) => string) {
  const objects = async () => [policy('manager', []), policy('workspaces', egress)] as never
  const here = await site(t, { registry: { kind: 'serve', address: '10.0.0.5:5000' } }, { objects })
  const image = { name: 'manager', reference: 'registry.example/cde/manager:1', digest: 'sha256:a' }
  Object.assign(here.context.bundle.release, { images: [image] })
  here.nodes(node('a'), node('b'), node('full', { spec: { unschedulable: true } }))
  const pods: V1Pod[] = []
  const logs = new Map<string, string>()
  here.fake.runPod = (pod) => {
    pods.push(pod)
    const [program = '', ...args] = pod.spec?.containers[0]?.command ?? []
    const { stdout } = spawnSync(program, args, { encoding: 'utf8', timeout: 20_000 })
    logs.set(`${at}/pods/${pod.metadata?.name}/log`, said ? said(stdout) : stdout)
    return { containerStatuses: [{ name: 'probe', state: { terminated: { exitCode: 0 } } }] }
  }
  here.fake.intercept = (call) => {
    const log = logs.get(/^GET ([^?]+)/.exec(call)?.[1] ?? '')
    return log === undefined ? undefined : [200, log, { 'content-type': 'text/plain' }]
  }
  return { ...here, pods }
}

const means = { limit: 2000, ca: undefined, login: undefined, settle: 0 }

test('workspaces are tried from under their own policy, and nothing of it stays or shows the login', async (t) => {
  const { context, pods, objects } = await cluster(t)
  const port = await freePort()
  const list = allowlistOf({ id: 'a', host: '127.0.0.1', port, from: ['workspaces', 'pods'] })
  const workspaces = fromPods(context, 'workspaces', { ...means, login: 'site:S3CRET' })
  const [result] = await checkEndpoints(list, { places: { workspaces }, proxy: {} })
  assert.deepEqual([result?.place, result?.outcome], ['workspaces', 'tcp'])
  assert.match(result?.fix ?? '', /^open 127\.0\.0\.1:\d+ for workspaces in the firewall/)
  const { spec } =
    objects.get('/apis/networking.k8s.io/v1/namespaces/cde-allowlist/networkpolicies/as-the-platform') ?? {}
  assert.deepEqual(spec, { podSelector: {}, policyTypes: ['Egress'], egress })
  assert.equal(pods.length, 1)
  assert.doesNotMatch(JSON.stringify(pods), /S3CRET/)
  assert.deepEqual(pods[0]?.spec?.containers[0]?.env, [
    { name: 'PROXY_LOGIN', valueFrom: { secretKeyRef: { name: 'proxy-login', key: 'login' } } },
  ])
  assert.ok(pods[0]?.spec?.containers[0]?.image?.startsWith('10.0.0.5:5000/cde/manager@'))
  assert.ok(objects.get(at)?.metadata?.deletionTimestamp)
})

test('nodes are tried from in their own network, each that takes pods; where the cluster refuses that it is said', async (t) => {
  const { context, pods, fake, objects } = await cluster(t)
  const list = allowlistOf({ id: 'a', host: '127.0.0.1', port: await freePort(), from: ['nodes'] })
  const check = () => checkEndpoints(list, { places: { nodes: fromNodes(context, means) }, proxy: {} })
  assert.deepEqual(
    (await check()).map(({ place, node, outcome }) => [place, node, outcome]),
    [
      ['nodes', 'a', 'tcp'],
      ['nodes', 'b', 'tcp'],
    ],
  )
  for (const { spec } of pods) assert.deepEqual([spec?.hostNetwork, spec?.dnsPolicy], [true, 'Default'])
  assert.equal(objects.get(at)?.metadata?.labels?.['pod-security.kubernetes.io/enforce'], 'privileged')
  fake.forbids = (call) => call === `POST ${at}/pods`
  const [refused] = await check()
  assert.equal(refused?.outcome, 'skipped')
  assert.match(refused?.detail ?? '', /takes no pod into the network of a node \(.*Forbidden/)
})

test('what a pod writes is believed as far as it fits, and one that tells of less is named', async (t) => {
  const evil = [
    'null',
    '{"key":1,"stage":"reached","detail":"x"}',
    '{"key":-1,"stage":"reached","detail":"x"}',
    '{"key":0,"stage":"open","detail":"x"}',
    '{"key":0,"stage":"tcp","detail":"x"}',
    '{"key":0,"stage":"reached","reason":"refused","detail":"x"}',
    '{"key":0,"stage":"tcp","reason":"constructor","detail":"x"}',
  ]
  const list = allowlistOf({ id: 'a', host: '127.0.0.1', port: await freePort(), from: ['pods'] })
  const run = async (said: (real: string) => string) => {
    const { context } = await cluster(t, said)
    return await checkEndpoints(list, { places: { pods: fromPods(context, 'pods', means) }, proxy: {} })
  }
  const [result, ...more] = await run((real) => `${evil.join('\n')}\n${real}${real}`)
  assert.deepEqual([result?.outcome, more], ['tcp', []])
  const lied = '{"key":0,"stage":"tcp","reason":"refused","detail":"\\u001b[2J\\n no"}'
  assert.equal((await run(() => lied))[0]?.detail, 'no')
  await assert.rejects(
    run(() => evil.join('\n')),
    (error: Error & { why?: string }) => /told of 0 of 1 entries/.test(error.why ?? '') && code('CLUSTER_POD')(error),
  )
})
