import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { statfsSync, writeFileSync } from 'node:fs'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import type { SealiftError } from '@sealift/bundle-spec/error.ts'
import { createBackup } from '../../../installer/src/backup/create.ts'
import { openBackup } from '../../../installer/src/backup/file/open.ts'
import { knownBackups } from '../../../installer/src/backup/known.ts'
import { parseSecrets, readSecrets } from '../../../installer/src/backup/secrets.ts'
import { type DebianPostgres, startDebianPostgres } from '../database/debian-postgres.ts'
import { filled, installedSite } from './site.ts'

let postgres: DebianPostgres
before(async () => {
  postgres = await startDebianPostgres()
  await postgres.sql(filled)
})
after(() => postgres?.stop())

const run = promisify(execFile)
const backups = async (directory: string) => (await readdir(directory)).filter((name) => name.includes('.backup'))
const whole = async (bytes: AsyncIterable<Uint8Array>) => {
  const chunks: Uint8Array[] = []
  for await (const chunk of bytes) chunks.push(Uint8Array.from(chunk))
  return Buffer.concat(chunks)
}

test('a backup holds database, secrets, receipt, answers and values, and says what it has', async (t) => {
  const { site, options, directory, said } = await installedSite(t, postgres)
  const backup = await createBackup(site, options)
  assert.deepEqual(await backups(directory), [backup.path.slice(directory.length + 1)])
  assert.equal((await stat(backup.path)).mode & 0o777, 0o600)
  assert.match(said.join('\n'), /holds the secrets of the platform unencrypted/)
  const file = await openBackup(backup.path)
  t.after(() => file.close())
  assert.equal(file.id, backup.id)
  const { document } = file
  assert.deepEqual(document, backup.document)
  assert.deepEqual(document.migrations, [
    { name: '001_users.sql', hash: 'h1' },
    { name: '002_more.sql', hash: 'h2' },
  ])
  assert.deepEqual(
    document.tables.map(({ name, rows }) => [name, rows]),
    [
      ['Odd "name', 10],
      ['counted', 1],
      ['empty', 0],
      ['migrations', 2],
      ['numbered', 1],
      ['users', 2000],
    ],
  )
  assert.deepEqual(
    document.claims.map(({ name, volume, storage }) => ({ name, volume, storage })),
    [{ name: 'cde-workspace-1-home', volume: 'pv-1', storage: '5Gi' }],
  )
  assert.equal(document.site.host, 'cde.bank.example')
  assert.match((await whole(file.read('dump', undefined))).toString('latin1'), /^PGDMP/)
  const secrets = JSON.parse((await whole(file.read('secrets', undefined))).toString())
  assert.deepEqual(
    secrets.map(({ name }: { name: string }) => name),
    ['cde-ssh', 'cde-ticket'],
  )
  assert.match((await whole(file.read('answers', undefined))).toString(), /^host:/)
  const [known] = await knownBackups(site)
  assert.deepEqual(
    { id: known?.id, path: known?.path, release: known?.release },
    { id: backup.id, path: backup.path, release: 'cde 1.0.0' },
  )
})

test('secrets that are larger than one read come back as they were, encrypted or not', async (t) => {
  const { site, options, secret } = await installedSite(t, postgres)
  for (const name of ['one', 'two', 'three']) secret(name, { key: randomBytes(700_000).toString('base64') })
  const kept = await readSecrets(site.cluster, 'cde')
  for (const key of [undefined, { passphrase: 'correct horse' }]) {
    const { path } = await createBackup(site, key ? { ...options, protection: key } : options)
    const file = await openBackup(path)
    t.after(() => file.close())
    assert.deepEqual(await parseSecrets(file.read('secrets', key), path), kept)
  }
})

test('with a passphrase nobody reads it without', async (t) => {
  const { site, options, said } = await installedSite(t, postgres)
  const backup = await createBackup(site, { ...options, protection: { passphrase: 'correct horse' } })
  assert.deepEqual(said, [])
  const bytes = await readFile(backup.path, 'latin1')
  assert.doesNotMatch(bytes, /PGDMP|dGhlIGhvc3Qga2V5/)
  const file = await openBackup(backup.path)
  t.after(() => file.close())
  assert.match((await whole(file.read('dump', { passphrase: 'correct horse' }))).toString('latin1'), /^PGDMP/)
  await assert.rejects(whole(file.read('dump', { passphrase: 'wrong' })), { code: 'BACKUP_KEY' })
  await assert.rejects(whole(file.read('dump', undefined)), { code: 'BACKUP_KEY', why: /no key was given/ })
})

test('with recipients, each of them reads it, and nobody else', async (t) => {
  const { generateX25519Identity, identityToRecipient } = await import('age-encryption')
  const [one, two, other] = await Promise.all([1, 2, 3].map(() => generateX25519Identity()))
  const recipients = await Promise.all([one, two].map((identity) => identityToRecipient(identity as string)))
  const { site, options } = await installedSite(t, postgres)
  await assert.rejects(createBackup(site, { ...options, protection: { recipients: ['age1nonsense'] } }), {
    code: 'USAGE_BACKUP_KEY',
  })
  const mixedUp = { recipients: [one as string] }
  await assert.rejects(createBackup(site, { ...options, protection: mixedUp }), ({ message, why }: SealiftError) => {
    assert.doesNotMatch(
      `${message} ${why}`,
      /SECRET-KEY/i,
      'an identity in the place of a recipient is shown to nobody',
    )
    return true
  })
  const backup = await createBackup(site, { ...options, protection: { recipients } })
  const file = await openBackup(backup.path)
  t.after(() => file.close())
  for (const identity of [one, two])
    assert.match((await whole(file.read('secrets', { identities: [identity as string] }))).toString(), /cde-ssh/)
  await assert.rejects(whole(file.read('secrets', { identities: [other as string] })), { code: 'BACKUP_KEY' })
})

test('the checksums and the dump are of one moment, whatever is written meanwhile', async (t) => {
  const { site, options, fake, execute } = await installedSite(t, postgres)
  let written = Promise.resolve('')
  fake.execute = (asked) => {
    if (asked.command.includes('pg_dump'))
      written = postgres.sql(
        "INSERT INTO empty VALUES (1); DELETE FROM empty; UPDATE users SET name = 'later' WHERE id = 1",
      )
    return execute(asked)
  }
  const before = await postgres.sql('SELECT name FROM users WHERE id = 1')
  const { document, path } = await createBackup(site, options)
  await written
  assert.equal(document.tables.find(({ name }) => name === 'empty')?.rows, 0)
  const again = await createBackup(site, options)
  const sum = ({ tables }: typeof document) => tables.find(({ name }) => name === 'users')?.sum
  assert.notEqual(sum(document), sum(again.document))
  const file = await openBackup(path)
  t.after(() => file.close())
  const sql = execFileSync(join(postgres.bin, 'pg_restore'), ['--data-only', '--table=users', '--file=-'], {
    input: await whole(file.read('dump', undefined)),
  })
  assert.ok(sql.toString().includes(`1\t${before.replace('\\', '\\\\')}\t`))
  assert.ok(!sql.toString().includes('later'))
})

for (const [what, ends] of [
  ['the connection is cut', (socket: { terminate(): void }) => socket.terminate()],
  ['the connection ends in order', (socket: { close(): void }) => socket.close()],
] as const)
  test(`nothing is left of a backup in whose middle ${what}`, async (t) => {
    const { site, options, fake, execute, directory } = await installedSite(t, postgres)
    fake.execute = (asked) =>
      asked.command.includes('pg_dump')
        ? (socket) => socket.send(Buffer.concat([Buffer.of(1), Buffer.alloc(100_000)]), () => ends(socket))
        : execute(asked)
    await assert.rejects(createBackup(site, options), { code: 'CLUSTER_EXEC' })
    assert.deepEqual(await backups(directory), [])
    assert.deepEqual(await knownBackups(site), [])
  })

test('PostgreSQL that is restarted, and a dump that is refused, are said in its words', async (t) => {
  const { site, options, fake, execute, directory } = await installedSite(t, postgres)
  let restarted = Promise.resolve()
  fake.execute = (asked) => {
    if (!asked.command.includes('pg_dump')) return execute(asked)
    const pause = `${postgres.bin}/pg_dump`
    return {
      words: ['sh', '-c', `sleep 0.5; exec ${pause} --format=custom ${asked.command.at(-1)}`],
      env: { ...postgres.env, PGUSER: 'cde', PGDATABASE: 'cde' },
    }
  }
  const failing = assert.rejects(createBackup(site, options), { code: 'CLUSTER_SQL', why: /terminat|snapshot|closed/i })
  await new Promise((resolve) => setTimeout(resolve, 400))
  restarted = postgres.restart()
  await failing
  await restarted
  fake.execute = execute
  await postgres.sql('CREATE SEQUENCE foreign_one')
  t.after(() => postgres.sql('DROP SEQUENCE IF EXISTS foreign_one'))
  fake.execute = (asked) =>
    asked.command.includes('pg_dump')
      ? { words: ['sh', '-c', 'echo "pg_dump: error: permission denied for table users" >&2; exit 1'] }
      : execute(asked)
  await assert.rejects(createBackup(site, options), { code: 'CLUSTER_SQL', why: /permission denied for table users/ })
  assert.deepEqual(await backups(directory), [])
})

test('what a killed run left is written over, and an abort leaves nothing', async (t) => {
  const { site, options, directory, fake, execute } = await installedSite(t, postgres)
  await writeFile(join(directory, 'cde.backup.partial'), 'half', { mode: 0o644 })
  await createBackup(site, options)
  assert.equal((await backups(directory)).length, 1)
  const abort = new AbortController()
  fake.execute = (asked) => {
    if (asked.command.includes('pg_dump')) abort.abort(new Error('enough'))
    return execute(asked)
  }
  await assert.rejects(createBackup(site, { ...options, signal: abort.signal }), /enough/)
  assert.equal((await backups(directory)).length, 1)
})

test('an installation without a receipt, or with one that was changed, has no backup', async (t) => {
  const { site, options, fake } = await installedSite(t, postgres)
  fake.put('/api/v1/namespaces/cde/configmaps/sealift-receipt', {
    kind: 'ConfigMap',
    data: { 'receipt.json': '{"release": 1}' },
  })
  await assert.rejects(createBackup(site, options), { code: 'CLUSTER_NO_RECEIPT', why: /changed/ })
})

const isRoot = process.getuid?.() === 0

test('a disk that is too small is said before the first byte, one that gets full in the middle then', {
  skip: isRoot ? false : 'mounting a small disk takes root',
}, async (t) => {
  const { site, options, directory, fake, execute } = await installedSite(t, postgres)
  const mounted = new AsyncDisposableStack()
  const disk = async (size: string) => {
    const small = join(directory, size)
    await mkdir(small)
    await run('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', small])
    mounted.defer(async () => void (await run('umount', [small])))
    return small
  }
  try {
    await assert.rejects(createBackup(site, { ...options, directory: await disk('100k') }), {
      code: 'STORAGE_FULL',
      why: /the database has .* kB, .* kB are free/,
    })
    const small = await disk('2m')
    let asked = 0
    fake.execute = (one) => {
      // whoever else writes to that disk
      if (one.command.includes('pg_dump')) {
        const { bavail, bsize } = statfsSync(small)
        writeFileSync(join(small, 'other'), Buffer.alloc(bavail * bsize - 20_000))
        asked++
      }
      return execute(one)
    }
    await assert.rejects(createBackup(site, { ...options, directory: small }), {
      code: 'STORAGE_FULL',
      message: /the disk of .* is full/,
    })
    assert.equal(asked, 1)
    assert.deepEqual(await backups(small), [])
    assert.deepEqual(await knownBackups(site), [])
    // nothing goes on in the database
    const busy = await postgres.sql(
      "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'sealift' AND state <> 'idle'",
    )
    assert.equal(busy, '0')
  } finally {
    await mounted.disposeAsync()
  }
})
