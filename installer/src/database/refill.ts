import type { Database } from './database.ts'
import { psql, sessionSettings } from './psql.ts'
import { assertStates, type TableState } from './state.ts'
import { endOthers } from './writes.ts'

export interface RefillOptions {
  /** what the tables must hold before it counts */
  states: readonly TableState[]
  signal: AbortSignal
}

/**
 * Puts a dump (pg_dump, custom format) in the place of all that the platform has in a database, in one transaction. It counts
 * only when pg_restore came to a good end and the tables hold what they should: whatever else happens, a kill or a cut
 * connection, leaves what was there.
 * @throws SealiftError CLUSTER_SQL, CLUSTER_EXEC; what `dump` throws while it is read
 */
export async function refill(
  database: Database,
  dump: AsyncIterable<Uint8Array>,
  { states, signal }: RefillOptions,
): Promise<void> {
  const before = `${sessionSettings}BEGIN; SET LOCAL lock_timeout = '60s';\n${endOthers};\n${dropAll}`
  const after = `${sessionSettings}${assertStates(states)}SET client_min_messages = error; ANALYZE;`
  await database.exec(['bash', '-c', program, 'refill', before, after, ...psql], {
    ...{ stdin: dump, signal, name: 'pg_restore' },
  })
}

/**
 * What goes to psql ends without COMMIT unless all before it went well. pg_restore 17 sets what older servers do not know, in its
 * first lines, where no data of anybody are yet.
 */
const program = `set -o pipefail
before=$1 after=$2
shift 2
{
  printf '%s\\n' "$before" &&
  pg_restore --exit-on-error --no-owner --no-privileges --schema=public --file=- |
    sed '1,/^SELECT pg_catalog.set_config/{/^SET transaction_timeout = 0;$/d;}' &&
  printf '%s\\nCOMMIT;\\n' "$after"
} | "$@"`

/**
 * Everything that the role has in schema public, but what belongs to an extension or goes with a table (sequences of identity
 * columns). The schema itself stays, with its owner and its rights.
 */
const dropAll = `DO $drop$
DECLARE
  one record;
BEGIN
  FOR one IN
    SELECT format('%s IF EXISTS %I.%I', CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END,
      nspname, relname) AS what
      FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
      WHERE nspname = 'public' AND relkind IN ('r', 'p', 'v', 'm', 'S')
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = pg_class.oid AND d.deptype IN ('e', 'i'))
    UNION ALL
    SELECT format('ROUTINE IF EXISTS %s', p.oid::regprocedure) FROM pg_proc p
      WHERE pronamespace = to_regnamespace('public')
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
    UNION ALL
    SELECT format('TYPE IF EXISTS public.%I', typname) FROM pg_type t
      WHERE typnamespace = to_regnamespace('public') AND typtype IN ('d', 'e', 'c', 'r')
        AND (typrelid = 0 OR (SELECT relkind FROM pg_class WHERE oid = typrelid) = 'c')
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e')
  LOOP
    EXECUTE 'DROP ' || one.what || ' CASCADE';
  END LOOP;
END
$drop$;
`
