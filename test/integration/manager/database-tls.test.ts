import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { openDatabase } from '../../../services/manager/database.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { createAuthority, issueCertificate } from '../../lab/certificates.ts'
import { startPostgres } from '../postgres.ts'
import { connection, silent } from './site.ts'

test('with a CA, only a server that it certified for its very name is spoken to', async (t) => {
  const directory = await temporaryDirectory(t)
  const authority = await createAuthority(directory, 'site', 'site CA')
  const stranger = await createAuthority(directory, 'other', 'other CA')
  const server = await issueCertificate(authority, directory, 'server', {
    commonName: 'postgres',
    ip: ['127.0.0.1'],
    usage: ['serverAuth'],
  })
  const [certificate, key] = await Promise.all([
    readFile(server.certificateFile, 'utf8'),
    readFile(server.keyFile, 'utf8'),
  ])
  const postgres = await startPostgres({ tls: { certificate, key } })
  t.after(() => postgres.stop())
  const ask = async (host: string, ca: string | undefined): Promise<boolean | undefined> => {
    const database = openDatabase({ ...connection(postgres), host, database: 'postgres', ca }, silent)
    try {
      const { rows } = await database.query('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()')
      return rows[0]?.ssl
    } finally {
      await database.end()
    }
  }
  const own = await readFile(authority.certificateFile, 'utf8')
  assert.equal(await ask('127.0.0.1', own), true)
  await assert.rejects(ask('localhost', own), /altnames|Hostname/, 'the certificate names another host')
  await assert.rejects(ask('127.0.0.1', await readFile(stranger.certificateFile, 'utf8')), /certificate/)
  await assert.rejects(ask('127.0.0.1', undefined), /no encryption|pg_hba/)
})
