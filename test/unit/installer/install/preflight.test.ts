import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { CompleteAnswers } from '../../../../installer/src/answers/schema.ts'
import { createContext } from '../../../../installer/src/install/context.ts'
import { reporterOf } from '../../../../installer/src/install/events.ts'
import { preflightStage } from '../../../../installer/src/install/stages/preflight.ts'
import { fakeKubernetes } from '../cluster/fake-kubernetes.ts'

const ingressClass = { apiVersion: 'networking.k8s.io/v1', kind: 'IngressClass', metadata: { name: 'cde' } }

/** The preflight of a release that is one IngressClass, into a cluster that allows everything. */
async function preflight(t: TestContext) {
  const fake = await fakeKubernetes(t)
  const answers = { namespace: 'cde', kubeconfig: fake.kubeconfig, registry: {} } as CompleteAnswers
  const bundle = { release: { name: 'cde', version: '0.1.0', minimumKubernetes: '1.30', platforms: ['linux/amd64'] } }
  const context = {
    ...createContext(answers, { bundle, stateDir: '/nowhere' } as never, new AbortController().signal, []),
    kubeVersion: async () => 'v1.34.0',
    objects: async () => [ingressClass],
  }
  const report = reporterOf('preflight', () => {})
  return { ...fake, run: () => preflightStage.run(context, report) }
}

test('what another installation owns stops an installation in preflight, before anything is changed', async (t) => {
  const { put, calls, run } = await preflight(t)
  const annotations = { 'meta.helm.sh/release-name': 'cde', 'meta.helm.sh/release-namespace': 'other' }
  const labels = { 'app.kubernetes.io/managed-by': 'Helm' }
  put('/apis/networking.k8s.io/v1/ingressclasses/cde', { metadata: { labels, annotations } })
  await assert.rejects(run(), {
    code: 'CLUSTER_OWNED',
    why: /^IngressClass cde is of release cde in namespace other; /,
  })
  assert.deepEqual(
    calls.filter((call) => !call.startsWith('GET ') && !call.endsWith('/selfsubjectaccessreviews')),
    [],
  )
})
