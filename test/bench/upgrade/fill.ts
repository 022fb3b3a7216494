import type { UpgradeSite } from './site.ts'

/** Runs psql in the pod of the platform's database; returns what it prints. */
export const psql = ({ ground }: UpgradeSite, statement: string): Promise<string> =>
  ground.lab.kubectl(
    [
      ...['--namespace=cde', 'exec', 'statefulset/cde-postgres-17', '--'],
      ...['psql', '-U', 'cde', '-d', 'cde', '-v', 'ON_ERROR_STOP=1', '-qAtc', statement],
    ],
    { timeout: patience },
  )

/** milliseconds that a statement may take */
const patience = 5 * 60_000

/** rows that one statement makes */
const atOnce = 100_000

/**
 * Fills a table of the platform's database until the database has `bytes`: half of the rows hash to nothing that compresses
 * (but for base64's quarter), half are alike. Rows are 1 kB each, as they stand in the file. Returns its size in bytes.
 */
export async function fillDatabase(site: UpgradeSite, bytes: number, log: (line: string) => void): Promise<number> {
  await psql(site, 'CREATE TABLE bench_rows (id bigint PRIMARY KEY, payload text NOT NULL)')
  // at most 2 kB: what is longer PostgreSQL compresses itself
  await psql(site, 'ALTER TABLE bench_rows ALTER payload SET STORAGE EXTERNAL')
  const size = async () => Number(await psql(site, 'SELECT pg_database_size(current_database())'))
  let filled = await size()
  for (let from = 1; filled < bytes; from += atOnce) {
    const hashed = `SELECT string_agg(encode(sha512(convert_to(i || ':' || n, 'UTF8')), 'base64'), '') FROM generate_series(1, 11) n`
    const alike = `repeat('{"action":"workspace.start","outcome":"ok","number":' || i || '} ', 17)`
    await psql(
      site,
      `INSERT INTO bench_rows SELECT i, CASE WHEN i % 2 = 0 THEN (${hashed}) ELSE ${alike} END
         FROM generate_series(${from}, ${from + atOnce - 1}) i`,
    )
    filled = await size()
    log(`the database has ${Math.round(filled / 1e6)} MB`)
  }
  // what the first reader would write otherwise
  await psql(site, 'VACUUM (ANALYZE) bench_rows')
  return filled
}
