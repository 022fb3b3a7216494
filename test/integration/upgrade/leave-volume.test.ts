import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { after, before, type TestContext, test } from 'node:test'
import { createBackup } from '../../../installer/src/backup/create.ts'
import type { BackContext } from '../../../installer/src/upgrade/back/context.ts'
import { databaseReadyStage } from '../../../installer/src/upgrade/back/database.ts'
import { lossText } from '../../../installer/src/upgrade/back/loss.ts'
import { volumeBackStage } from '../../../installer/src/upgrade/back/volume.ts'
import { claimOf } from '../../../installer/src/upgrade/postgres-major.ts'
import type { UpgradeRecord } from '../../../installer/src/upgrade/record.ts'
import { type DatabaseUse, inDatabase } from '../../../installer/src/upgrade/with-database.ts'
import { filled, installedSite } from '../backup/site.ts'
import { type DebianPostgres, startDebianPostgres } from '../database/debian-postgres.ts'

let postgres: DebianPostgres
before(async () => {
  postgres = await startDebianPostgres()
})
after(() => postgres?.stop())

const claims = '/api/v1/namespaces/cde/persistentvolumeclaims'
const started = '2026-11-30T02:00:00Z'

/** The way back from the PostgreSQL of this machine to the one before it. */
async function moved(t: TestContext, changes: Partial<UpgradeRecord> = {}) {
  await postgres.sql(`SET default_transaction_read_only = off; ALTER ROLE cde IN DATABASE cde RESET ALL; ${filled}`)
  const { fake, site, options, report, said } = await installedSite(t, postgres)
  const [old, now] = [claimOf(postgres.major - 1), claimOf(postgres.major)]
  const spec = { resources: { requests: { storage: '10Gi' } } }
  fake.put(`${claims}/${old}`, { kind: 'PersistentVolumeClaim', spec })
  const annotations = { 'sealift.dev/made-by-upgrade': started }
  fake.put(`${claims}/${now}`, { kind: 'PersistentVolumeClaim', spec, metadata: { annotations } })
  const scaled: number[] = []
  fake.intercept = (call, body) => {
    if (!call.includes('/deployments/cde-manager/scale')) return undefined
    if (call.startsWith('PATCH')) scaled.push(JSON.parse(body)[0].value)
    return [200, { kind: 'Scale', metadata: {}, spec: { replicas: 1 } }]
  }
  const { id, path } = await createBackup(site, options)
  let record = {
    ...{ started, from: { postgres: postgres.major - 1, version: '1.0.0' }, move: { claim: now, filled: true } },
    ...{ backup: { id, path, host: 'here' }, writesStopped: false, passed: true, ...changes },
  } as UpgradeRecord
  const context = {
    ...{ answers: { namespace: 'cde' }, timeout: 5_000, lost: [] },
    cluster: () => site.cluster,
    record: () => record,
    async note(change: Partial<UpgradeRecord>) {
      record = { ...record, ...change }
    },
    withDatabase: ((work) => inDatabase(site.cluster, 'cde', work)) as DatabaseUse,
  } as unknown as BackContext
  return { fake, context, report, said, scaled, path, old, now, record: () => record }
}

const write = () => postgres.sql("INSERT INTO numbered (a) VALUES ('since')")

test('what was written since is counted once nobody writes, and no manager is left to migrate what comes back', async (t) => {
  const { context, report, said, scaled, record } = await moved(t)
  await write()
  assert.equal(await databaseReadyStage.needed(context), true)
  await databaseReadyStage.run(context, report)
  assert.deepEqual(context.lost, [{ table: 'numbered', wanted: 1, found: 2 }])
  assert.match(said.join('\n'), /what was written after the backup is lost: numbered: 1 row more than then/)
  assert.deepEqual([scaled, record().writesStopped, record().passed], [[0], true, false])
  await assert.rejects(write(), /read-only transaction/)
  await context.note({ chartIsBack: true })
  assert.equal(await databaseReadyStage.needed(context), false)
})

test('where writes were stopped all the time nothing is lost, and nobody is asked', async (t) => {
  const { context, report, fake, scaled } = await moved(t, { writesStopped: true })
  fake.execute = undefined
  await databaseReadyStage.run(context, report)
  assert.deepEqual([context.lost, lossText(context.lost), scaled], [[], 'nothing was lost', [0]])
})

test('without the backup, or a database that answers, the way back is there, and the loss is not said to be none', async (t) => {
  const { context, report, fake, path } = await moved(t)
  await rm(path)
  await databaseReadyStage.run(context, report)
  assert.match(lossText(context.lost), /is lost: .*nobody can count/)
  await context.note({ writesStopped: false })
  const pod = fake.objects.get('/api/v1/namespaces/cde/pods/cde-postgres-0')
  Object.assign(pod ?? {}, { status: { phase: 'Pending', conditions: [] } })
  context.lost = []
  await databaseReadyStage.run(context, report)
  assert.match(lossText(context.lost), /nobody can count/)
})

test('without the volume of before nothing is begun; with it, that of the upgrade goes at the end', async (t) => {
  const { context, report, fake, scaled, old, now } = await moved(t)
  const kept = fake.objects.get(`${claims}/${old}`)
  fake.objects.delete(`${claims}/${old}`)
  await assert.rejects(databaseReadyStage.run(context, report), { code: 'UPGRADE_NO_WAY_BACK' })
  assert.deepEqual(scaled, [])
  fake.put(`${claims}/${old}`, kept)
  await volumeBackStage.run(context, report)
  assert.equal(fake.objects.has(`${claims}/${now}`), false)
  assert.equal(fake.objects.has(`${claims}/${old}`), true)
})
