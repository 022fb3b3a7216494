import assert from 'node:assert/strict'
import { after, before, type TestContext, test } from 'node:test'
import type { V1Pod, V1StatefulSet } from '@kubernetes/client-node'
import { createBackup } from '../../../installer/src/backup/create.ts'
import { openDatabase } from '../../../installer/src/database/open.ts'
import { tableStates } from '../../../installer/src/database/state.ts'
import type { StepContext } from '../../../installer/src/upgrade/context.ts'
import type { UpgradeRecord } from '../../../installer/src/upgrade/record.ts'
import { moveStage } from '../../../installer/src/upgrade/stages/move.ts'
import { filled, installedSite } from '../backup/site.ts'
import { type DebianPostgres, startDebianPostgres } from '../database/debian-postgres.ts'
import { helperPod, running } from '../database/site.ts'

let postgres: DebianPostgres
let next: DebianPostgres
before(async () => {
  ;[postgres, next] = await Promise.all([startDebianPostgres(), startDebianPostgres()])
  await postgres.sql(filled)
})
after(() => Promise.all([postgres?.stop(), next?.stop()]))

const claim = '/api/v1/namespaces/cde/persistentvolumeclaims/data-cde-postgres-17-0'
const set: V1StatefulSet = {
  kind: 'StatefulSet',
  metadata: { name: 'cde-postgres-17' },
  spec: {
    ...{ selector: {}, serviceName: 'cde-postgres' },
    template: {
      spec: {
        containers: [
          {
            ...{ name: 'postgres', image: 'r.example/cde/postgres@sha256:17' },
            env: [{ name: 'POSTGRES_MAJOR', value: '17' }],
            volumeMounts: ['data', 'tmp', 'password'].map((name) => ({ name, mountPath: `/${name}` })),
          },
        ],
        volumes: [
          { name: 'tmp', emptyDir: {} },
          { name: 'password', secret: { secretName: 'cde-postgres' } },
        ],
      },
    },
    volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: { resources: { requests: { storage: '10Gi' } } } }],
  },
}

/** An upgrade to PostgreSQL 17 after its backup; its new server is a PostgreSQL of this machine. */
async function begun(t: TestContext) {
  const { fake, execute, site, options, report, said, signal } = await installedSite(t, postgres)
  await next.sql(
    'SET default_transaction_read_only = off; DROP SCHEMA public CASCADE; CREATE SCHEMA public; ALTER ROLE cde IN DATABASE cde RESET ALL',
  )
  const pods: V1Pod[] = []
  fake.runPod = (pod) => {
    pods.push(pod)
    return running
  }
  const server = { ends: 0, endsWell: true }
  fake.execute = (asked) => {
    if (asked.pod !== 'sealift-move') return execute(asked)
    if (asked.command.at(-1)?.includes('pg_ctl')) {
      server.ends++
      return { words: [server.endsWell ? 'true' : 'false'] }
    }
    return helperPod(asked) ?? { words: asked.command, env: next.env }
  }
  let replicas = 1
  fake.intercept = (call, body) => {
    if (!call.includes('/statefulsets/cde-postgres-15/scale')) return undefined
    if (call.startsWith('PATCH')) replicas = JSON.parse(body)[0].value
    return [200, { kind: 'Scale', metadata: {}, spec: { replicas } }]
  }
  const { id, path } = await createBackup(site, options)
  let record = {
    ...{ started: '2026-11-30T02:00:00Z', from: { postgres: 15, version: '1.0.0' } },
    backup: { id, path, host: 'here' },
  } as UpgradeRecord
  const context = {
    ...{ answers: { namespace: 'cde' }, options: { backup: {} }, signal, timeout: 5_000 },
    cluster: () => site.cluster,
    record: () => record,
    async note(change: Partial<UpgradeRecord>) {
      record = { ...record, ...change }
    },
    objects: async () => [set],
    movesDatabase: async () => true,
  } as unknown as StepContext
  return { fake, context, report, said, server, pods, site, replicas: () => replicas, record: () => record }
}

test('the proven backup goes into a new volume, in which nobody writes, and the server of before ends', async (t) => {
  const { context, report, said, fake, pods, server, replicas, record, site } = await begun(t)
  assert.equal(await moveStage.needed(context), true)
  await moveStage.run(context, report)
  assert.equal(await moveStage.needed(context), false)
  assert.deepEqual(record().move, { claim: 'data-cde-postgres-17-0', filled: true })
  assert.equal(fake.objects.get(claim)?.metadata?.annotations?.['sealift.dev/filled-from'], record().backup?.id)
  assert.deepEqual([server.ends, replicas()], [1, 0])
  assert.match(said.join('\n'), /6 tables with 2014 rows, each equal to the backup/)
  assert.ok(![...fake.objects.keys()].some((path) => path.includes('sealift-move')))

  const now = await openDatabase(site.cluster, 'cde')
  const wanted = await tableStates(now)
  fake.execute = ({ command }) => ({ words: command, env: next.env })
  assert.deepEqual(await tableStates(await openDatabase(site.cluster, 'cde')), wanted)
  await assert.rejects(next.sql("INSERT INTO numbered (a) VALUES ('y')"), /read-only transaction/)

  const { spec } = pods.find(({ metadata }) => metadata?.name === 'sealift-move') as V1Pod
  assert.deepEqual(
    spec?.volumes?.map(({ name, persistentVolumeClaim }) => [name, persistentVolumeClaim?.claimName]),
    [
      ['tmp', undefined],
      ['password', undefined],
      ['data', 'data-cde-postgres-17-0'],
    ],
  )
  assert.equal(spec?.containers[0]?.image, 'r.example/cde/postgres@sha256:17')
})

test('a server that did not end well has filled nothing, and it is begun again', async (t) => {
  const { context, report, server, fake, record, replicas } = await begun(t)
  server.endsWell = false
  await assert.rejects(moveStage.run(context, report), { code: 'CLUSTER_SQL' })
  assert.deepEqual([record().move?.filled, replicas()], [false, 1])
  assert.equal(fake.objects.get(claim)?.metadata?.annotations?.['sealift.dev/filled-from'], undefined)
  assert.equal(await moveStage.needed(context), true)
  server.endsWell = true
  await moveStage.run(context, report)
  assert.equal(await moveStage.needed(context), false)
})

test('neither mark alone counts, and a volume that a StatefulSet has is not written over', async (t) => {
  const { context, report, fake, record } = await begun(t)
  await moveStage.run(context, report)
  await context.note({ move: { claim: 'data-cde-postgres-17-0', filled: false } })
  assert.equal(await moveStage.needed(context), true)
  await context.note({ move: { claim: 'data-cde-postgres-17-0', filled: true } })
  const one = fake.objects.get(claim)
  fake.put(claim, {
    ...one,
    metadata: { ...one?.metadata, annotations: { 'sealift.dev/made-by-upgrade': record().started } },
  })
  assert.equal(await moveStage.needed(context), true)
  fake.put('/apis/apps/v1/namespaces/cde/statefulsets/cde-postgres-17', { kind: 'StatefulSet' })
  await assert.rejects(moveStage.run(context, report), { code: 'INTERNAL_UPGRADE' })
})
