import type { TestContext } from 'node:test'
import type { RunInPod } from '../../unit/installer/cluster/exec-server.ts'
import { fakeKubernetes } from '../../unit/installer/cluster/fake-kubernetes.ts'
import type { DebianPostgres } from './debian-postgres.ts'

export const pods = '/api/v1/namespaces/cde/pods'

/** Helper pods run at once; what their process 1 would do is not done, and what keeps them alive is a connection alone. */
export const helperPod: RunInPod = ({ command }) =>
  command.at(-1)?.endsWith('kill 1') ? () => {} : command.at(-1)?.startsWith('until ') ? { words: ['true'] } : undefined

export const running = {
  phase: 'Running',
  containerStatuses: [{ name: 'postgres', state: { running: {} } }],
}

/** A cluster whose pod of the platform's database is a PostgreSQL of this machine. */
export async function databaseSite(t: TestContext, postgres: DebianPostgres) {
  const fake = await fakeKubernetes(t)
  fake.put('/api/v1/namespaces/cde')
  fake.put('/api/v1/namespaces/cde/services/cde-postgres', {
    kind: 'Service',
    spec: { selector: { 'app.kubernetes.io/component': 'postgres' } },
  })
  fake.put(`${pods}/cde-postgres-0`, {
    kind: 'Pod',
    metadata: { labels: { 'app.kubernetes.io/component': 'postgres' } },
    spec: { containers: [{ name: 'postgres', image: 'r.example/cde/postgres@sha256:1' }] },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
  })
  const execute: RunInPod = ({ pod, command }) =>
    pod === 'cde-postgres-0' ? { words: command, env: postgres.env } : undefined
  fake.execute = execute
  return { fake, execute }
}
