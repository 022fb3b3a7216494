import type { Database } from './database.ts'
import { literal } from './psql.ts'

/** What a table holds, so that two copies of it can be compared. */
export interface TableState {
  name: string
  rows: number
  /** two sums of 64-bit numbers, of the MD5 of each row's text: `123:-456`; the same in whatever order the rows lie */
  sum: string
}

/** The tables of the platform by name. */
const tables = `SELECT quote_ident(relname) AS quoted, relname AS name FROM pg_class
  WHERE relnamespace = to_regnamespace('public') AND relkind IN ('r', 'm') ORDER BY relname COLLATE "C"`

/** The state of a table, by its quoted name; sessions show values in the same way everywhere (`sessionSettings`). */
const stateOf = (quoted: string): string => {
  const half = (from: number) => `coalesce(sum(('x' || substr(hash, ${from}, 16))::bit(64)::bigint), 0)`
  // with OFFSET the inner query stays one of its own: else each half would work out the hash again
  const hashes = `SELECT md5(t::text) AS hash FROM public.${quoted} t OFFSET 0`
  return `SELECT count(*) AS rows, ${half(1)} || ':' || ${half(17)} AS sum FROM (${hashes}) hashes`
}

/** What each table holds now, or in the snapshot of a session. @throws SealiftError CLUSTER_SQL */
export async function tableStates(
  database: Pick<Database, 'query'>,
  onTable: (name: string) => void = () => {},
): Promise<TableState[]> {
  const states: TableState[] = []
  for (const { quoted, name } of await database.query<{ quoted: string; name: string }>(tables)) {
    onTable(name)
    const [state] = await database.query<{ rows: number; sum: string }>(stateOf(quoted))
    states.push({ name, rows: state?.rows ?? 0, sum: state?.sum ?? '' })
  }
  return states
}

/** A table of which two copies differ; a number of rows is undefined where there is no such table. */
export interface Difference {
  table: string
  wanted: number | undefined
  found: number | undefined
}

/** The tables whose states differ. */
export function differences(wanted: readonly TableState[], found: readonly TableState[]): Difference[] {
  const names = [...new Set([...wanted, ...found].map(({ name }) => name))].sort()
  return names.flatMap((table) => {
    const [a, b] = [wanted, found].map((states) => states.find(({ name }) => name === table))
    return a && b && a.rows === b.rows && a.sum === b.sum ? [] : [{ table, wanted: a?.rows, found: b?.rows }]
  })
}

/** Statements that fail, and take their transaction back, where the tables are not in these states. */
export const assertStates = (states: readonly TableState[]): string => {
  const rows = states.map(({ name, rows, sum }) => `(${literal(name)}, ${rows}, ${literal(sum)})`)
  const wanted = rows.length > 0 ? `VALUES ${rows.join(', ')}` : "SELECT ''::text, 0, ''::text WHERE false"
  return `DO $assert$
DECLARE
  wanted record;
  found record;
BEGIN
  FOR wanted IN SELECT * FROM (${wanted}) AS t (name, rows, sum) LOOP
    EXECUTE format(${literal(stateOf('%I'))}, wanted.name) INTO found;
    IF found.rows <> wanted.rows OR found.sum <> wanted.sum THEN
      RAISE EXCEPTION 'table % has % rows with the sum %, not % with %', wanted.name, found.rows, found.sum, wanted.rows, wanted.sum;
    END IF;
  END LOOP;
END
$assert$;
`
}
