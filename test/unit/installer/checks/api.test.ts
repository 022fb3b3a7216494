import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { issueCertificate } from '../../../../installer/src/certificates/issue.ts'
import { api } from '../../../../installer/src/checks/api.ts'
import { apiCertificate } from '../../../../installer/src/checks/api-certificate.ts'
import { apiLatency } from '../../../../installer/src/checks/api-latency.ts'
import { apiReady } from '../../../../installer/src/checks/api-ready.ts'
import { apart, clock } from '../../../../installer/src/checks/clock.ts'
import { kubernetesVersion } from '../../../../installer/src/checks/kubernetes-version.ts'
import { nodeClocks } from '../../../../installer/src/checks/node-clocks.ts'
import { runChecks } from '../../../../installer/src/checks/run.ts'
import { createAuthority } from '../../../../installer/src/install/own-certificate.ts'
import { temporaryDirectory } from '../../../fixtures/directory.ts'
import { assertFound, site } from './site.ts'

test('an API that is not there, or is too old, is said to be so', async (t) => {
  const { look } = await site(t)
  assertFound(await look(api), 'passed', /answers with v1\.34\.4/)
  assertFound(await look(kubernetesVersion), 'passed', /v1\.34\.4, 1\.30 or later/)
  const old = await site(t, {}, { kubeVersion: async () => 'v1.29.9+k3s1' })
  assertFound(await old.look(kubernetesVersion), 'error', /runs Kubernetes v1\.29\.9/, 'CLUSTER_VERSION')
  const away = await site(t, { kubeconfig: join(await temporaryDirectory(t), 'none') }, {})
  assertFound(await away.look(api), 'error', /cannot be read as a kubeconfig/, 'CLUSTER_KUBECONFIG')
})

test('a control plane that is not ready names what fails; one that does not say is no fault', async (t) => {
  const { look, fake } = await site(t)
  fake.intercept = (call) => (call.startsWith('GET /readyz') ? [200, 'ok'] : undefined)
  assertFound(await look(apiReady), 'passed', /ok/)
  fake.intercept = () => [500, '[+]ping ok\n[-]etcd failed: reason withheld\nreadyz check failed']
  assertFound(await look(apiReady), 'error', /500: \[-\]etcd failed/, 'CLUSTER_NOT_READY')
  fake.intercept = () => [403, {}]
  assertFound(await look(apiReady), 'skipped', /403/)
})

test('an API that takes its time is warned of', async (t) => {
  const { look, fake } = await site(t)
  fake.intercept = () => [200, {}]
  assertFound(await look(apiLatency), 'passed', /\d+ ms/)
  const slow = await site(t, {})
  const cluster = slow.context.cluster()
  const late = { ...cluster, until: () => late, ask: async () => ({ sent: 0, received: 700 }) } as never
  const { signal } = new AbortController()
  const context = { ...slow.context, cluster: () => late }
  const [outcome] = await runChecks([apiLatency], context, { ignore: [], signal, emit: () => {} })
  assertFound(outcome?.result as never, 'warning', /700 ms/, 'CLUSTER_SLOW')
})

test('a clock that is off is warned of, and refused when it is off by a minute', async (t) => {
  const { look, fake } = await site(t)
  const at = (seconds: number) => {
    const date = new Date(Date.now() + seconds * 1000).toUTCString()
    fake.intercept = () => [200, {}, { date }]
  }
  at(0)
  assertFound(await look(clock), 'passed', /less than 2 s/)
  at(20)
  assertFound(await look(clock), 'warning', /(18|19|20) s ahead/, 'CLUSTER_CLOCK')
  at(-3600)
  assertFound(await look(clock), 'error', /3(599|600) s behind/, 'CLUSTER_CLOCK')
  // what lies within the second that a date has, and the time that the request took, is no difference
  assert.equal(apart(1000, 2000, 2500, 3000), -0.5)
  assert.equal(apart(1000, 2000, 1900, 9000), 0)
  assert.equal(apart(5000, 6000, 1000, 2000), 3)
})

test('a node whose clock is off is seen by its heartbeats', async (t) => {
  const { look, answers } = await site(t)
  const path = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases'
  const lease = (name: string, ahead: number) => {
    const written = Math.floor(Date.now() / 1000) * 1000
    return {
      metadata: { name, managedFields: [{ manager: 'kubelet', time: new Date(written).toISOString() }] },
      spec: { renewTime: new Date(written + 400 + ahead * 1000).toISOString() },
    }
  }
  assertFound(await look(nodeClocks), 'skipped', /no heartbeats/)
  answers.set(path, { items: [lease('a', 0), lease('b', 0.3)] })
  assertFound(await look(nodeClocks), 'passed', /2 nodes/)
  answers.set(path, { items: [lease('a', 0), lease('b', 20)] })
  assertFound(await look(nodeClocks), 'warning', /^b 19 s ahead$/, 'CLUSTER_CLOCK')
  answers.set(path, { items: [lease('a', -100)] })
  assertFound(await look(nodeClocks), 'error', /^a 99 s behind$/)
})

test('an API certificate that ends soon is warned of', async (t) => {
  const { look } = await site(t)
  assertFound(await look(apiCertificate), 'skipped', /has none/)
  const directory = await temporaryDirectory(t)
  for (const [days, wanted, what] of [
    [200, 'passed', /in (199|200) days/],
    [10, 'warning', /in (9|10) days/],
  ] as const) {
    const authority = await createAuthority(['localhost'])
    const validity = { from: new Date(Date.now() - 1e6), to: new Date(Date.now() + days * 86_400_000) }
    const { certificate, key } = await issueCertificate(authority, ['localhost'], validity)
    const server = createServer({ cert: certificate, key }, (_, response) => response.end('{}')).listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => server.close())
    const kubeconfig = join(directory, `kubeconfig-${days}`)
    const address = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
    writeFileSync(
      kubeconfig,
      JSON.stringify({
        clusters: [{ name: 'c', cluster: { server: address, 'insecure-skip-tls-verify': true } }],
        users: [{ name: 'u', user: {} }],
        contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
        'current-context': 'x',
      }),
    )
    assertFound(await (await site(t, { kubeconfig })).look(apiCertificate), wanted, what, 'CLUSTER_CERTIFICATE')
    server.closeAllConnections()
  }
})
