import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { copyFile, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { createBackup } from '../../../installer/src/backup/create.ts'
import { knownBackups } from '../../../installer/src/backup/known.ts'
import { proveBackup } from '../../../installer/src/backup/prove.ts'
import { verifyBackup } from '../../../installer/src/backup/verify.ts'
import { type DebianPostgres, startDebianPostgres } from '../database/debian-postgres.ts'
import { running } from '../database/site.ts'
import { filled, installedSite, throwAway } from './site.ts'

let postgres: DebianPostgres
let second: DebianPostgres
before(async () => {
  ;[postgres, second] = await Promise.all([startDebianPostgres(), startDebianPostgres()])
  await postgres.sql(filled)
})
after(() => Promise.all([postgres?.stop(), second?.stop()]))

test('a proof restores a backup elsewhere and finds it equal; the installation remembers it', async (t) => {
  const installed = await installedSite(t, postgres)
  const { site, options, fake } = installed
  throwAway(installed, second)
  const protection = { passphrase: 'correct horse' }
  const { path, id } = await createBackup(site, { ...options, protection })
  const proof = await proveBackup(site, path, { ...options, key: protection })
  assert.deepEqual({ tables: proof.tables, rows: proof.rows, id: proof.backup.id }, { tables: 6, rows: 2014, id })
  assert.ok((await knownBackups(site))[0]?.proven)
  assert.ok(![...fake.objects.keys()].some((path) => path.includes('sealift-proof')))
  await assert.rejects(proveBackup(site, path, options), { code: 'BACKUP_KEY' })
  await assert.rejects(proveBackup(site, path, { ...options, key: { passphrase: 'wrong' } }), { code: 'BACKUP_KEY' })
})

test('a database that restores to something else is no proof; what differs is named', async (t) => {
  const installed = await installedSite(t, postgres)
  throwAway(installed, second)
  const { site, options, fake } = installed
  const { path } = await createBackup(site, options)
  const { execute } = fake
  let refilled = false
  fake.execute = (asked) => {
    if (asked.pod === 'sealift-proof' && refilled && asked.command.includes('psql'))
      return {
        words: [
          'sh',
          '-c',
          `psql -qc "DELETE FROM users WHERE id > 1990; UPDATE migrations SET hash = hash || 'x'; DROP TABLE IF EXISTS empty CASCADE"; exec "$@"`,
          'sh',
          ...((execute?.(asked) as { words: string[] } | undefined)?.words ?? []),
        ],
        env: { ...second.env, PGUSER: 'cde', PGDATABASE: 'cde' },
      }
    refilled ||= asked.command.includes('bash') && asked.command.includes('refill')
    return execute?.(asked)
  }
  await assert.rejects(proveBackup(site, path, options), {
    code: 'BACKUP_NOT_EQUAL',
    why: 'empty is missing; migrations: 2 rows, some of them others; users: 1990 rows, not 2000',
  })
  assert.equal((await knownBackups(site))[0]?.proven, undefined)
})

test('a throw-away database that does not start is removed', async (t) => {
  const installed = await installedSite(t, postgres)
  throwAway(installed, second)
  const { site, options, fake } = installed
  const { path } = await createBackup(site, options)
  const waiting = { reason: 'ImagePullBackOff', message: 'no such image' }
  fake.runPod = () => ({ phase: 'Pending', containerStatuses: [{ name: 'postgres', state: { waiting } }] })
  await assert.rejects(proveBackup(site, path, options), { code: 'CLUSTER_POD', why: /no such image/ })
  fake.runPod = () => running
  assert.ok(![...fake.objects.keys()].some((path) => path.includes('sealift-proof')))
})

test('a file that was cut anywhere is refused', async (t) => {
  const { site, options, directory } = await installedSite(t, postgres)
  const { path, size } = await createBackup(site, options)
  assert.equal((await verifyBackup(path, options)).opened, true)
  const cut = join(directory, 'cut')
  for (const length of [0, 1, 511, 512, 600, 2048, Math.floor(size / 2), size - 1024, size - 512, size - 1]) {
    await copyFile(path, cut)
    await truncate(cut, length)
    await assert.rejects(
      verifyBackup(cut, options),
      { code: length < 512 ? 'BACKUP_FORMAT' : 'BACKUP_DAMAGED' },
      `${length} bytes`,
    )
  }
})

test('a file with a changed byte is refused, wherever it is', async (t) => {
  const { site, options, directory } = await installedSite(t, postgres)
  const { path, size } = await createBackup(site, options)
  const bytes = await readFile(path)
  const changed = join(directory, 'changed')
  for (let at = 0; at < size; at += Math.max(1, Math.floor(size / 97))) {
    const other = Buffer.from(bytes)
    other[at] = (other[at] as number) ^ 0x20
    await writeFile(changed, other)
    await assert.rejects(verifyBackup(changed, options), { code: /^BACKUP_(DAMAGED|FORMAT)$/ }, `byte ${at}`)
  }
  await writeFile(changed, Buffer.concat([bytes, Buffer.alloc(512)]))
  await assert.rejects(verifyBackup(changed, options), { code: 'BACKUP_DAMAGED' })
})

test('what is no backup at all is said to be none', async (t) => {
  const { directory, options } = await installedSite(t, postgres)
  const file = join(directory, 'other')
  const others = [Buffer.from(''), Buffer.from('PGDMP'), Buffer.alloc(10_240), createHash('sha512').digest()]
  for (const bytes of others) {
    await writeFile(file, bytes)
    await assert.rejects(verifyBackup(file, options), { code: 'BACKUP_FORMAT' })
  }
  const unreadable = (why: RegExp) => ({ code: 'USAGE_BACKUP_FILE', why })
  await assert.rejects(verifyBackup(directory, options), unreadable(/a directory/))
  await assert.rejects(verifyBackup(join(directory, 'none'), options), unreadable(/no such file/))
})
