import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import pg from 'pg'
import { create } from 'tar'
import { database } from '../../../installer/src/checks/database.ts'
import { databaseBackup } from '../../../installer/src/checks/database-backup.ts'
import { databaseFit } from '../../../installer/src/checks/database-fit.ts'
import { databaseRoom } from '../../../installer/src/checks/database-room.ts'
import { createAuthority, issueCertificate } from '../../../installer/src/install/own-certificate.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { assertFound, site } from '../../unit/installer/checks/site.ts'
import { startPostgres } from '../postgres.ts'

/** A PostgreSQL of a site, with TLS for `localhost`, and answers that name it. */
async function withPostgres(t: TestContext) {
  const authority = await createAuthority(['localhost'])
  const server = await startPostgres({ tls: await issueCertificate(authority, ['localhost']) })
  t.after(() => server.stop())
  const directory = await temporaryDirectory(t)
  const [passwordFile, caFile] = [join(directory, 'password'), join(directory, 'ca.crt')]
  writeFileSync(passwordFile, `${server.password}\n`)
  writeFileSync(caFile, authority.certificate)
  const good = { host: 'localhost', port: server.port, user: 'postgres', database: 'postgres', passwordFile, caFile }
  const admin = async (...statements: string[]) => {
    const ssl = { ca: authority.certificate, servername: 'localhost' }
    const client = new pg.Client({ ...good, host: '127.0.0.1', password: server.password, ssl })
    await client.connect()
    for (const statement of statements) await client.query(statement)
    await client.end()
  }
  /** Runs a check with some answers changed. */
  const look = async (check: Parameters<Awaited<ReturnType<typeof site>>['look']>[0], changes: object = {}) =>
    await (await site(t, { database: { ...good, ...changes } })).look(check)
  return { server, directory, good, admin, look }
}

test('a PostgreSQL of the site is looked at as the manager will use it', async (t) => {
  const { server, directory, good, admin, look } = await withPostgres(t)

  // reached, trusted, let in
  assertFound(await look(database), 'passed', /^PostgreSQL 1\d.* at localhost:\d+, over TLS$/)
  const file = (name: string, text: string) => {
    writeFileSync(join(directory, name), text)
    return join(directory, name)
  }
  const wrong = { passwordFile: file('wrong', 'not this one') }
  assertFound(
    await look(database, wrong),
    'error',
    /does not let user postgres into.*password authentication/,
    'CLUSTER_DATABASE',
  )
  assertFound(await look(database, { database: 'none' }), 'error', /does not let .* database "none" does not exist/)
  const otherCa = (await createAuthority(['localhost'])).certificate
  assertFound(
    await look(database, { caFile: file('other.crt', otherCa) }),
    'error',
    /is not to be trusted/,
    'CLUSTER_DATABASE',
  )
  assertFound(await look(database, { host: '127.0.0.1' }), 'error', /is not to be trusted.*(IP|altnames)/)
  assertFound(await look(database, { sslMode: 'disable' }), 'error', /no encryption|does not let/, 'CLUSTER_DATABASE')
  assertFound(await look(database, { port: 1 }), 'error', /no PostgreSQL is reached at localhost:1 from this machine/)

  // fits
  assertFound(await look(databaseFit), 'passed', /^1\d.*, UTF8$/)
  await admin(
    "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0",
    "CREATE ROLE weak LOGIN PASSWORD 'weak' CONNECTION LIMIT 10",
    'REVOKE CREATE ON SCHEMA public FROM PUBLIC',
    'ALTER ROLE weak SET default_transaction_read_only = on',
  )
  assertFound(await look(databaseFit, { database: 'latin' }), 'error', /^encoding LATIN1$/, 'CLUSTER_DATABASE')
  const weak = { user: 'weak', passwordFile: file('weak', 'weak') }
  assertFound(
    await look(databaseFit, weak),
    'error',
    /may not make tables in schema public, its transactions only read/,
  )

  // has room: 60 connections, 3 of them for administrators
  assertFound(await look(databaseRoom), 'passed', /^5\d connections left, [\d.]+ ms/)
  assertFound(await look(databaseRoom, weak), 'warning', /^10 connections left/, 'CLUSTER_DATABASE')

  const five = await site(t, { database: good, replicas: { manager: 5 } })
  assertFound(await five.look(databaseRoom), 'warning', /^5\d connections left/)

  await server.pause()
  assertFound(await look(database), 'error', /no PostgreSQL is reached/, 'CLUSTER_DATABASE')
})

test('a PostgreSQL that the release cannot back up is warned of, and stops an upgrade', async (t) => {
  const { directory, good } = await withPostgres(t)
  mkdirSync(join(directory, 'cde'))
  writeFileSync(join(directory, 'cde/Chart.yaml'), 'name: cde\nversion: 1.0.0\n')
  const look = async (major: number, context: object = {}) => {
    writeFileSync(join(directory, 'cde/values.yaml'), `postgres: { major: ${major} }\n`)
    const file = join(directory, 'chart.tgz')
    await create({ file, gzip: true, cwd: directory }, ['cde'])
    const here = await site(t, { database: good }, { chart: async () => file, ...context })
    return await here.look(databaseBackup)
  }
  assertFound(await look(99), 'passed', /^PostgreSQL 1\d, by programs of 99$/)
  const later = /^PostgreSQL 1\d, and the release brings the programs of 9$/
  assertFound(await look(9), 'warning', later, 'CLUSTER_DATABASE')
  assertFound(await look(9, { upgrades: true }), 'error', later, 'CLUSTER_DATABASE')
})

test('without a database of the site nothing is looked at', async (t) => {
  const { look } = await site(t)
  for (const check of [database, databaseFit, databaseRoom, databaseBackup])
    assertFound(await look(check), 'skipped', /one of its own/)
})
