import assert from 'node:assert/strict'
import { copyFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { createBackup } from '../../../installer/src/backup/create.ts'
import { knownBackups, remember } from '../../../installer/src/backup/known.ts'
import { listBackups } from '../../../installer/src/backup/list.ts'
import { pruneBackups } from '../../../installer/src/backup/prune.ts'
import { keyOf, protectionOf } from '../../../installer/src/cli/backup-options.ts'
import { code } from '../../fixtures/code.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { type DebianPostgres, startDebianPostgres } from '../database/debian-postgres.ts'
import { filled, installedSite } from './site.ts'

let postgres: DebianPostgres
before(async () => {
  postgres = await startDebianPostgres()
  await postgres.sql(filled)
})
after(() => postgres?.stop())

test('what is here and what the installation remembers is listed; old ones go, and are forgotten', async (t) => {
  const { site, options, directory, report, secret, fake } = await installedSite(t, postgres)
  const one = await createBackup(site, options)
  const two = await createBackup(site, options)
  const three = await createBackup(site, options)
  await remember(site, one, { proven: '2026-11-30T00:00:00Z' })
  await writeFile(join(directory, 'torn.backup'), 'half')
  const elsewhere = { ...three, id: `sha256:${'9'.repeat(64)}`, path: '/mnt/other.backup' }
  await remember(site, elsewhere)
  const list = async () => await listBackups(directory, await knownBackups(site))
  const { backups, broken } = await list()
  assert.deepEqual(
    backups.map(({ id, here, known, proven }) => [id, here, known, proven !== undefined]),
    [
      [one.id, true, true, true],
      [two.id, true, true, false],
      [three.id, true, true, false],
      [elsewhere.id, false, true, false],
    ],
  )
  assert.deepEqual(broken, [{ path: join(directory, 'torn.backup'), why: 'it does not begin as one' }])

  const rules = { directory, report, keep: 1 }
  assert.deepEqual((await pruneBackups(site, { ...rules, dryRun: true })).removed, [two.path])
  assert.equal((await list()).backups.length, 4)
  const { removed, kept } = await pruneBackups(site, rules)
  assert.deepEqual([removed, kept], [[two.path], [one.path, three.path]])
  assert.deepEqual(
    (await knownBackups(site)).map(({ id }) => id),
    [one.id, three.id, elsewhere.id],
  )
  assert.deepEqual((await readdir(directory)).filter((name) => name.endsWith('.backup')).length, 3)

  // those of another installation are not ours to remove
  secret('cde-ssh', { 'host.pem': 'another' })
  fake.put('/api/v1/namespaces/kube-system', { metadata: { uid: 'cluster-2' } })
  await copyFile(one.path, join(directory, 'again.backup'))
  assert.deepEqual((await pruneBackups(site, { ...rules, keep: 0 })).removed, [])
  for (const wrong of [{}, { keep: -1 }, { keepDays: 1.5 }])
    await assert.rejects(pruneBackups(site, { directory, report, ...wrong }), { code: 'USAGE_BACKUP_RULE' })
})

test('keys come from files and the environment; what is none is refused', async (t) => {
  const directory = await temporaryDirectory(t)
  const file = async (name: string, text: string) => {
    const path = join(directory, name)
    await writeFile(path, text)
    return path
  }
  const passphraseFile = await file('passphrase', 'correct horse\n')
  const recipientsFile = await file('recipients', '# ours\nage1a\n\n  age1b\n')
  assert.deepEqual(protectionOf({ recipient: [], passphraseFile }), { passphrase: 'correct horse' })
  assert.deepEqual(protectionOf({ recipient: ['age1c'], recipientsFile }), { recipients: ['age1c', 'age1a', 'age1b'] })
  assert.equal(protectionOf({ recipient: [] }), undefined)
  assert.deepEqual(keyOf({ identity: recipientsFile }), { identities: ['age1a', 'age1b'] })
  process.env.SEALIFT_BACKUP_PASSPHRASE = 'from the environment'
  t.after(() => delete process.env.SEALIFT_BACKUP_PASSPHRASE)
  assert.deepEqual(keyOf({}), { passphrase: 'from the environment' })
  assert.deepEqual(keyOf({ passphraseFile }), { passphrase: 'correct horse' })
  for (const text of ['', '\n', 'two\nlines\n', 'x'.repeat(300_000)]) {
    const bad = await file('bad', text)
    assert.throws(() => keyOf({ passphraseFile: bad }), code('USAGE_BACKUP_KEY'))
  }
  const empty = await file('empty', '# nothing\n')
  assert.throws(() => keyOf({ identity: empty }), code('USAGE_BACKUP_KEY'))
  assert.throws(() => keyOf({ identity: join(directory, 'none') }), code('USAGE_BACKUP_KEY'))
  assert.throws(() => protectionOf({ recipient: ['age1a'], passphraseFile }), code('USAGE_BACKUP_KEY'))
})
