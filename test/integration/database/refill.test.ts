import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { takeSnapshot } from '../../../installer/src/database/dump.ts'
import { openDatabase } from '../../../installer/src/database/open.ts'
import { refill } from '../../../installer/src/database/refill.ts'
import { differences, tableStates } from '../../../installer/src/database/state.ts'
import { type DebianPostgres, startDebianPostgres } from './debian-postgres.ts'
import { databaseSite } from './site.ts'

let postgres: DebianPostgres
before(async () => {
  postgres = await startDebianPostgres()
})
after(() => postgres?.stop())

const { signal } = new AbortController()

test('a dump that is cut anywhere, or fails to be read, leaves what was there; a whole one replaces it', async (t) => {
  const { fake } = await databaseSite(t, postgres)
  const database = await openDatabase(fake.connect(), 'cde')
  await postgres.sql(`CREATE TABLE a AS SELECT i, md5(i::text) AS text FROM generate_series(1, 5000) i;
    CREATE TABLE b (id int GENERATED ALWAYS AS IDENTITY); INSERT INTO b DEFAULT VALUES; CREATE INDEX ON a (text)`)
  const wanted = await tableStates(database)
  const snapshot = await takeSnapshot(database, signal)
  const chunks: Buffer[] = []
  await snapshot.dump(async (chunk) => void chunks.push(Buffer.from(chunk)), signal)
  await snapshot.close()
  const dump = Buffer.concat(chunks)
  await postgres.sql('DROP TABLE a; TRUNCATE b; CREATE TABLE later (x int)')
  const there = await tableStates(database)
  async function* part(length: number, failure?: Error) {
    yield dump.subarray(0, length)
    if (failure) throw failure
  }
  // without states to compare with: the end of pg_restore alone decides
  for (const length of [0, 5, 1000, Math.floor(dump.length / 2), dump.length - 200]) {
    await assert.rejects(refill(database, part(length), { states: [], signal }), { code: 'CLUSTER_SQL' }, `${length}`)
    assert.deepEqual(await tableStates(database), there)
  }
  await assert.rejects(refill(database, part(30_000, new Error('the disk')), { states: [], signal }), /the disk/)
  assert.deepEqual(await tableStates(database), there)
  await refill(database, part(dump.length), { states: wanted, signal })
  assert.deepEqual(differences(wanted, await tableStates(database)), [])
})
