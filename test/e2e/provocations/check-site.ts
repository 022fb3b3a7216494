import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { readAnswers } from '../../../installer/src/answers/read.ts'
import type { Answers } from '../../../installer/src/answers/schema.ts'
import { createAuthority, issueCertificate } from '../../../installer/src/install/own-certificate.ts'
import { startPostgres } from '../../integration/postgres.ts'
import { type DemoGround, startGround, writeAnswers } from '../../lab/demo-ground.ts'
import { steps } from '../../lab/demo-step.ts'
import type { Lab } from '../../lab/lab.ts'
import { certificate, type Made, writeKey } from '../../unit/installer/checks/certificates.ts'
import { onBorrowedLab } from '../borrowed-lab.ts'
import { startNameServer } from './name-server.ts'

/** A good site of which every answer is given: own certificate, own database, a login for the registry, names in DNS. */
export interface CheckSite extends DemoGround {
  lab: Lab
  scratch: string
  answers: Answers
  database: NonNullable<Answers['database']>
  /** where the names of the platform lead */
  nameServer: string
  kubectl(...args: string[]): Promise<string>
  /** Creates objects that are deleted afterwards. */
  put(undo: AsyncDisposableStack, ...objects: object[]): Promise<void>
}

/** Brings the site up on a borrowed lab; `end` gives it back. */
export async function startCheckSite(end: AsyncDisposableStack): Promise<CheckSite> {
  const scratch = await mkdtemp(join(tmpdir(), 'checks-'))
  end.defer(() => rm(scratch, { recursive: true, force: true }))
  const ground = await onBorrowedLab((options) => startGround(options, steps(options.log, false)))
  end.defer(ground.close)
  await writeAnswers(ground, ground.files.paid)
  const given = readAnswers(ground.files.answers)
  const { host } = given

  const nameServer = ground.site.bastionAddress
  const names = (name: string) =>
    name === host || name.endsWith(`.${given.devUrlsHost}`) ? ground.site.bastionAddress : undefined
  end.defer((await startNameServer(names, nameServer, 53)).stop)

  const passwordFile = join(scratch, 'registry-password')
  await writeFile(passwordFile, 'of somebody who may pull', { mode: 0o600 })
  const by = await certificate('CA of the site')
  const siteCertificate = await certificate(host, { by, names: [host, `*.${given.devUrlsHost}`] })
  const caFile = join(scratch, 'site-ca.crt')
  await writeFile(caFile, by.pem)
  const database = await startDatabase(scratch, end)
  const kubectl = (...args: string[]) => ground.site.kubectl(...args)
  return {
    ...{ ...ground, scratch, nameServer, database, kubectl },
    answers: {
      ...given,
      registry: { ...given.registry, username: 'puller', passwordFile },
      tls: { ...(await writeCertificate(scratch, siteCertificate)), caFile },
      database,
    },
    async put(undo, ...items) {
      const file = join(await mkdtemp(join(scratch, 'objects-')), 'list.json')
      await writeFile(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }))
      undo.defer(async () => void (await kubectl('delete', `--filename=${file}`, '--ignore-not-found', '--wait=false')))
      await kubectl('create', `--filename=${file}`)
    },
  }
}

/** Writes a certificate and its key, for the answers. */
export async function writeCertificate(scratch: string, made: Made): Promise<{ certFile: string; keyFile: string }> {
  const directory = await mkdtemp(join(scratch, 'certificate-'))
  const [certFile, keyFile] = [join(directory, 'tls.crt'), join(directory, 'tls.key')]
  await writeFile(certFile, made.pem)
  await writeKey(made, keyFile)
  return { certFile, keyFile }
}

/** A PostgreSQL beside the cluster, with a database that fits and one, `ascii`, that does not. */
async function startDatabase(scratch: string, end: AsyncDisposableStack): Promise<CheckSite['database']> {
  const authority = await createAuthority(['localhost'])
  const server = await startPostgres({ tls: await issueCertificate(authority, ['localhost']) })
  end.defer(() => server.stop())
  const [passwordFile, caFile] = [join(scratch, 'database-password'), join(scratch, 'database-ca.crt')]
  await writeFile(passwordFile, server.password, { mode: 0o600 })
  await writeFile(caFile, authority.certificate)
  const { port, user, password } = server
  const place = { host: 'localhost', port, user, database: 'postgres' }
  const ssl = { ca: authority.certificate, servername: 'localhost' }
  const client = new pg.Client({ ...place, host: '127.0.0.1', password, ssl })
  await client.connect()
  await client.query("CREATE DATABASE ascii ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
  await client.end()
  return { ...place, passwordFile, caFile }
}
