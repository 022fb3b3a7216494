import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { CompleteAnswers } from '../../../../installer/src/answers/schema.ts'
import { watched } from '../../../../installer/src/install/deploy-chart.ts'
import { fakeKubernetes } from '../cluster/fake-kubernetes.ts'

const labels = { 'app.kubernetes.io/component': 'manager' }
const failed = { exitCode: 3, reason: 'Error', message: 'MIGRATION_FAILED: migration 990_more.sql failed' }

/** Watches a Helm that takes as long as it may, at most `ms`, beside a manager whose migration failed. */
async function watchHelm(t: TestContext, ms: number, endsEarly?: boolean): Promise<void> {
  const fake = await fakeKubernetes(t)
  const pods = '/api/v1/namespaces/site/pods'
  fake.put('/apis/apps/v1/namespaces/site/deployments/cde-manager', { spec: { replicas: 1 } })
  fake.put(`${pods}/cde-manager-1`, {
    metadata: { labels },
    status: {
      containerStatuses: [{ name: 'manager', ready: false, restartCount: 1, state: { terminated: failed } }],
    },
  })
  const context = {
    answers: { namespace: 'site' } as CompleteAnswers,
    cluster: () => fake.connect(),
    helm: async () => ({ path: '/none', home: '/none' }),
    ...{ signal: new AbortController().signal, timeout: 600_000 },
  }
  const workload = { kind: 'Deployment' as const, name: 'cde-manager', labels }
  const report = { progress: () => {}, info: () => {}, warn: () => {} }
  await watched(
    context,
    [workload],
    report,
    (_, { signal }) => sleep(ms, undefined, { ...(signal && { signal }) }),
    endsEarly === undefined ? {} : { endsEarly },
  )
}

test('the last words of a manager that no restart mends end Helm at once', async (t) => {
  await assert.rejects(watchHelm(t, 20_000), { code: 'CLUSTER_ROLLOUT', why: /MIGRATION_FAILED/ })
})

test('those of a manager that Helm is about to replace end nothing', async (t) => {
  await watchHelm(t, 1000, false)
})
