import { isIP } from 'node:net'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Client } from 'pg'
import type { InstallContext } from '../install/context.ts'
import { databaseSecret } from '../install/database-secret.ts'
import { smallCa } from '../install/small-file.ts'

/** milliseconds */
const patience = 10_000

type Given = NonNullable<InstallContext['answers']['database']>

/** `db.site.example:5432`, for sentences. */
export const placeOf = ({ host, port = 5432 }: Given): string => `${host}:${port}`

/**
 * Does something with a connection to the site's database, as the manager would have one: TLS by a CA that is named, else
 * by that of the site, else by a public one, and by the name of the host (verify-full).
 * @throws SealiftError CLUSTER_DATABASE where there is none
 */
export async function withDatabase<T>(context: InstallContext, work: (client: Client) => Promise<T>): Promise<T> {
  const given = context.answers.database as Given
  const { host, port = 5432, user = 'cde', database = 'cde', sslMode = 'verify-full' } = given
  const { default: pg } = await import('pg')
  const secret = databaseSecret(context.answers)
  const siteCa = context.answers.tls?.caFile
  const ca = secret?.['ca.crt'] ?? (siteCa === undefined ? undefined : smallCa(siteCa, 'tls.caFile'))
  const client = new pg.Client({
    ...{ host, port, user, database, password: secret?.password },
    ssl:
      sslMode === 'disable'
        ? false
        : {
            minVersion: 'TLSv1.2',
            ...(ca === undefined ? {} : { ca }),
            ...(isIP(host) === 0 ? { servername: host } : {}),
          },
    connectionTimeoutMillis: patience,
    query_timeout: patience,
    application_name: 'sealift-check',
  })
  // one that breaks later is told by the query that needed it
  client.on('error', () => {})
  try {
    await client.connect()
    return await work(client)
  } catch (cause) {
    context.signal.throwIfAborted()
    throw failure(given, cause as Error & { code?: string })
  } finally {
    await client.end().catch(() => {})
  }
}

function failure(given: Given, cause: Error & { code?: string }): SealiftError {
  const place = placeOf(given)
  const { user = 'cde', database = 'cde' } = given
  const said = { why: cause.message || cause.code, cause }
  const psql = `psql "host=${given.host} port=${given.port ?? 5432} user=${user} dbname=${database} sslmode=${given.sslMode ?? 'verify-full'}"`
  const { code = '' } = cause
  // SQLSTATE class 28: invalid authorization; 3D000: no such database
  if (/^28/.test(code) || code === '3D000')
    return new SealiftError(
      'CLUSTER_DATABASE',
      `PostgreSQL at ${place} does not let user ${user} into database ${database}`,
      {
        ...said,
        fix: `look at user, password, database and pg_hba.conf: ${psql}`,
      },
    )
  if (
    /^(ERR_TLS_|CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_|HOSTNAME)/.test(code) ||
    /SSL|certificate/i.test(cause.message)
  )
    return new SealiftError('CLUSTER_DATABASE', `the TLS connection to PostgreSQL at ${place} is not to be trusted`, {
      ...said,
      fix: 'name the CA of its certificate in the answers: database: {caFile: FILE}; the certificate has to name the host',
    })
  if (/^[0-9A-Z]{5}$/.test(code) && !/^E[A-Z]{4}$/.test(code))
    return new SealiftError('CLUSTER_DATABASE', `PostgreSQL at ${place} refuses`, { ...said, fix: psql })
  return new SealiftError('CLUSTER_DATABASE', `no PostgreSQL is reached at ${place} from this machine`, {
    ...said,
    fix: `look at address and port, then: nc -vz ${given.host} ${given.port ?? 5432}; where only pods reach it: ignore: [database]`,
  })
}
