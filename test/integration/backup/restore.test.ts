import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { createBackup } from '../../../installer/src/backup/create.ts'
import { knownName } from '../../../installer/src/backup/known.ts'
import { restoreBackup } from '../../../installer/src/backup/restore.ts'
import { openDatabase } from '../../../installer/src/database/open.ts'
import { tableStates } from '../../../installer/src/database/state.ts'
import { areWritesStopped } from '../../../installer/src/database/writes.ts'
import { type DebianPostgres, startDebianPostgres } from '../database/debian-postgres.ts'
import { filled, installedSite, receipt } from './site.ts'

let postgres: DebianPostgres
before(async () => {
  postgres = await startDebianPostgres()
})
beforeEach(() => postgres.sql(`DROP SCHEMA IF EXISTS other CASCADE; ${filled}`))
after(() => postgres?.stop())

const secrets = '/api/v1/namespaces/cde/secrets'
const schema = () =>
  postgres.sql("SELECT relname, relkind FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1")
type Site = Awaited<ReturnType<typeof installedSite>>

async function state({ site }: Site) {
  const database = await openDatabase(site.cluster, 'cde')
  return { tables: await tableStates(database), stopped: await areWritesStopped(database), schema: await schema() }
}

/** What people do after a backup, and an upgrade that failed. */
const later = `INSERT INTO users (name) VALUES ('new'); UPDATE "Odd ""name" SET a = 5 WHERE a = 6; DELETE FROM migrations;
  CREATE TABLE added (x int); INSERT INTO added VALUES (1); ALTER TABLE users ADD later text; CREATE TYPE more AS ENUM ('x');
  CREATE FUNCTION more() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE VIEW more_names AS SELECT * FROM users; DROP TABLE empty`

test('a restore brings database and secrets back, and says what is lost', async (t) => {
  const installed = await installedSite(t, postgres)
  const { site, options, said, secret, fake } = installed
  const { path } = await createBackup(site, options)
  const wanted = await state(installed)
  await postgres.sql(later)
  secret('cde-ticket', { 'ticket.pem': 'another key', more: 'x' })
  fake.objects.delete(`${secrets}/cde-ssh`)
  secret('cde-later', { a: 'b' })
  said.length = 0
  const restored = await restoreBackup(site, path, options)
  assert.deepEqual(await state(installed), wanted)
  assert.deepEqual(restored.lost, [
    { table: 'Odd "name', wanted: 10, found: 10 },
    { table: 'added', wanted: undefined, found: 1 },
    { table: 'empty', wanted: 0, found: undefined },
    { table: 'migrations', wanted: 2, found: 0 },
    { table: 'users', wanted: 2000, found: 2001 },
  ])
  assert.match(
    said[0] ?? '',
    /lost is what was written since .*: Odd "name: other values, as many rows; added: was not there then, 1 row; empty: is gone, and comes back; migrations: 2 rows fewer than then; users: 1 row more than then/,
  )
  assert.deepEqual(restored.secrets, ['cde-ssh', 'cde-ticket'])
  const data = (name: string) =>
    (fake.objects.get(`${secrets}/${name}`) as { data?: Record<string, string> } | undefined)?.data
  assert.equal(Buffer.from(data('cde-ssh')?.['host.pem'] ?? '', 'base64').toString(), 'the host key')
  assert.equal(Buffer.from(data('cde-ticket')?.['ticket.pem'] ?? '', 'base64').toString(), 'the ticket key')
  assert.ok(data('cde-later'))
  assert.deepEqual(restored.homes, { there: ['cde-workspace-1-home'], bound: [], missing: [] })
  // keys and sequences go on where they were
  assert.equal(await postgres.sql("INSERT INTO users (name) VALUES ('next') RETURNING id"), '2001')
})

test('where nothing was written since, nothing is lost; a second time too', async (t) => {
  const installed = await installedSite(t, postgres)
  const { site, options, said } = installed
  const { path } = await createBackup(site, options)
  const wanted = await state(installed)
  for (const _ of [1, 2]) {
    said.length = 0
    assert.deepEqual((await restoreBackup(site, path, options)).lost, [])
    assert.match(said.join('\n'), /nothing is lost[\s\S]*all secrets are as they were/)
  }
  assert.deepEqual(await state(installed), wanted)
})

test('what others have in the database stays', async (t) => {
  const { site, options } = await installedSite(t, postgres)
  const { path } = await createBackup(site, options)
  await postgres.sql('CREATE SCHEMA other; CREATE TABLE other.theirs (a int); INSERT INTO other.theirs VALUES (1)')
  await restoreBackup(site, path, options)
  assert.equal(await postgres.sql('SELECT a FROM other.theirs'), '1')
})

for (const [what, fail, code] of [
  ['the connection is cut', 'cut', 'CLUSTER_EXEC'],
  ['pg_restore fails half-way', 'exit', 'CLUSTER_SQL'],
  ['it ends without a word before all of it is there', 'short', 'CLUSTER_SQL'],
  ['PostgreSQL is restarted', 'restart', 'CLUSTER_SQL'],
] as const)
  test(`all data are there, and writes go on, after a restore in which ${what}`, async (t) => {
    const installed = await installedSite(t, postgres)
    const { site, options, fake, execute } = installed
    const { path } = await createBackup(site, options)
    await postgres.sql(later)
    const before = await state(installed)
    fake.execute = (asked) => {
      const ran = execute(asked)
      if (!asked.command.includes('refill') || typeof ran !== 'object') return ran
      if (fail === 'cut') return (socket) => socket.once('message', () => socket.terminate())
      const broken = {
        exit: 'pg_restore() { command pg_restore "$@" | head -c 100000; return 1; }',
        short: 'pg_restore() { head -c 20000 | command pg_restore "$@"; }',
        restart: `pg_restore() { command pg_restore "$@" | { head -c 50000; sleep 2; cat; }; }`,
      }[fail]
      if (fail === 'restart') setTimeout(() => postgres.restart(), 700)
      const words = ran.words.map((word) => (word.startsWith('set -o pipefail') ? `${broken}\n${word}` : word))
      return { ...ran, words }
    }
    await assert.rejects(restoreBackup(site, path, options), { code })
    fake.execute = execute
    // a PostgreSQL that was restarted a moment ago
    for (const end = Date.now() + 10_000; ; ) {
      const now = await state(installed).catch((error) => error as Error)
      if (now instanceof Error && Date.now() < end) continue
      assert.deepEqual(now, before)
      break
    }
  })

test('tables that do not come back as they were take all of it back', async (t) => {
  const installed = await installedSite(t, postgres)
  const { site, options, fake, execute } = installed
  const { path } = await createBackup(site, options)
  await postgres.sql(later)
  const before = await state(installed)
  fake.execute = (asked) => {
    const ran = execute(asked)
    if (!asked.command.includes('refill') || typeof ran !== 'object') return ran
    return {
      ...ran,
      words: ran.words.map((word) => word.replace('--schema=public', '--schema=public --section=pre-data')),
    }
  }
  await assert.rejects(restoreBackup(site, path, options), { code: 'CLUSTER_SQL', why: /table Odd "name has 0 rows/ })
  fake.execute = execute
  assert.deepEqual(await state(installed), before)
})

test('an abort in the middle leaves what was there, and lets people write again', async (t) => {
  const installed = await installedSite(t, postgres)
  const { site, options, fake, execute } = installed
  const { path } = await createBackup(site, options)
  await postgres.sql(later)
  const before = await state(installed)
  const abort = new AbortController()
  fake.execute = (asked) => {
    if (asked.command.includes('refill')) setImmediate(() => abort.abort(new Error('enough')))
    return execute(asked)
  }
  await assert.rejects(restoreBackup(site, path, { ...options, signal: abort.signal }), /enough/)
  assert.deepEqual(await state(installed), before)
})

test('a refusal changes nothing', async (t) => {
  const installed = await installedSite(t, postgres)
  const { site, options, fake, secret } = installed
  const { path } = await createBackup(site, { ...options, protection: { passphrase: 'right' } })
  await postgres.sql("INSERT INTO users (name) VALUES ('new')")
  const before = await state(installed)
  const key = { passphrase: 'right' }
  const refused = async (expected: object, more: object = { key }) => {
    await assert.rejects(restoreBackup(site, path, { ...options, ...more }), expected)
    assert.deepEqual(await state(installed), before)
  }
  const map = (name: string, data: Record<string, string>) =>
    fake.put(`/api/v1/namespaces/cde/configmaps/${name}`, { kind: 'ConfigMap', data })
  await refused({ code: 'BACKUP_KEY' }, {})
  await refused({ code: 'BACKUP_KEY' }, { key: { passphrase: 'wrong' } })
  await refused(/no, thanks/, { key, confirm: () => Promise.reject(new Error('no, thanks')) })
  map('sealift-receipt', { 'receipt.json': JSON.stringify(receipt('0.9.0')) })
  await refused({ code: 'BACKUP_NEWER', why: /it is of 1.0.0, here runs 0.9.0/ })
  map('sealift-receipt', {})
  await refused({ code: 'CLUSTER_NO_RECEIPT' })
  map('sealift-receipt', { 'receipt.json': JSON.stringify(receipt()) })
  const known = fake.objects.get(`/api/v1/namespaces/cde/configmaps/${knownName}`) as { data?: Record<string, string> }
  map(knownName, {
    'backups.json': (known.data?.['backups.json'] ?? '').replace(/"id": "sha256:..../, '"id": "sha256:0000'),
  })
  await refused({ code: 'BACKUP_DAMAGED', why: /remembers/ })
  map(knownName, known.data ?? {})
  secret('cde-ssh', { 'host.pem': 'another host key' })
  fake.put('/api/v1/namespaces/kube-system', { metadata: { uid: 'cluster-2' } })
  await refused({ code: 'BACKUP_OTHER_SITE', why: /of cde at cde.bank.example/ })
})

test('homes whose volumes are there are claimed again; the others are named', async (t) => {
  const { site, options, fake } = await installedSite(t, postgres)
  const claims = '/api/v1/namespaces/cde/persistentvolumeclaims'
  const labels = { 'app.kubernetes.io/part-of': 'cde', 'app.kubernetes.io/component': 'workspace' }
  for (const i of [2, 3, 4])
    fake.put(`${claims}/home-${i}`, {
      kind: 'PersistentVolumeClaim',
      metadata: { labels },
      spec: { volumeName: `pv-${i}`, storageClassName: 'fast' },
    })
  fake.put('/api/v1/persistentvolumes/pv-2', {
    kind: 'PersistentVolume',
    spec: { claimRef: { namespace: 'cde', name: 'home-2', uid: 'old' } },
    status: { phase: 'Released' },
  })
  fake.put('/api/v1/persistentvolumes/pv-4', {
    kind: 'PersistentVolume',
    spec: { claimRef: { namespace: 'cde', name: 'other' } },
    status: { phase: 'Bound' },
  })
  const { path } = await createBackup(site, options)
  for (const i of [2, 3, 4]) fake.objects.delete(`${claims}/home-${i}`)
  const { homes } = await restoreBackup(site, path, options)
  assert.deepEqual(homes, {
    there: ['cde-workspace-1-home'],
    bound: ['home-2'],
    missing: [
      { name: 'home-3', why: 'its volume pv-3 is not in the cluster' },
      { name: 'home-4', why: 'its volume pv-4 is claimed by cde/other' },
    ],
  })
  const { spec, metadata } = fake.objects.get(`${claims}/home-2`) as { spec?: object; metadata?: { labels?: object } }
  assert.deepEqual(spec, {
    accessModes: ['ReadWriteOnce'],
    volumeName: 'pv-2',
    resources: { requests: { storage: '1Gi' } },
    storageClassName: 'fast',
  })
  assert.deepEqual(metadata?.labels, labels)
  const { claimRef } = (
    fake.objects.get('/api/v1/persistentvolumes/pv-2') as { spec: { claimRef: { uid?: string | null } } }
  ).spec
  assert.equal(claimRef.uid, null)
})
