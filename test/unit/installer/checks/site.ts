import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { CompleteAnswers } from '../../../../installer/src/answers/schema.ts'
import type { Check, CheckResult } from '../../../../installer/src/checks/check.ts'
import { runChecks } from '../../../../installer/src/checks/run.ts'
import { createContext, type InstallContext } from '../../../../installer/src/install/context.ts'
import { fakeKubernetes } from '../cluster/fake-kubernetes.ts'

/** A node as it should be, with changes below `status` and `spec`. */
export const node = (name: string, { status = {}, spec = {}, info = {} } = {}) => ({
  metadata: { name },
  spec,
  status: {
    conditions: [{ type: 'Ready', status: 'True' }],
    nodeInfo: {
      ...{ operatingSystem: 'linux', architecture: 'amd64', kernelVersion: '6.1.0-18-amd64' },
      ...{ containerRuntimeVersion: 'containerd://1.7.2', kubeletVersion: 'v1.34.4' },
      ...info,
    },
    capacity: { cpu: '8', memory: '16Gi', pods: '110' },
    allocatable: { cpu: '8', memory: '16Gi', pods: '110' },
    addresses: [{ type: 'InternalIP', address: '10.1.0.1' }],
    ...status,
  },
})

/** A fake cluster, answers for it, and what runs one check there. `put` nodes with `nodes`. */
export async function site(t: TestContext, answer: object = {}, context: Partial<InstallContext> = {}) {
  const fake = await fakeKubernetes(t)
  const answers = {
    ...{ namespace: 'cde', host: 'cde.example', mode: 'airgapped', serviceType: 'LoadBalancer' },
    ...{ registry: { kind: 'serve', address: '10.0.0.5:5000' }, kubeconfig: fake.kubeconfig },
    ...answer,
  } as CompleteAnswers
  const release = { name: 'cde', version: '0.1.0', minimumKubernetes: '1.30', platforms: ['linux/amd64'], images: [] }
  const deps = { bundle: { release }, stateDir: '/nowhere' } as never
  const { signal } = new AbortController()
  const here = {
    ...createContext(answers, deps, signal, []),
    kubeVersion: async () => 'v1.34.4',
    objects: async () => [],
    ...context,
  }
  return {
    ...fake,
    fake,
    context: here,
    nodes: (...nodes: object[]) => fake.answers.set('/api/v1/nodes', { items: nodes }),
    /** What a check finds. */
    async look(check: Check): Promise<CheckResult> {
      const [outcome] = await runChecks([check], here, { ignore: [], signal, emit: () => {} })
      return outcome?.result as CheckResult
    },
  }
}

/** Proves how a check ended: state and level, code, and what it found. */
export function assertFound(
  { state, level, code, found, needed, fix }: CheckResult,
  wanted: 'passed' | 'skipped' | 'warning' | 'error',
  what: RegExp,
  ofCode?: string,
): void {
  assert.deepEqual([state === 'failed' ? level : state, found], [wanted, found])
  assert.match(found ?? '', what)
  if (state !== 'failed') return
  assert.ok(needed && fix, 'a failure says what is needed and what helps')
  if (ofCode !== undefined) assert.equal(code, ofCode)
}
