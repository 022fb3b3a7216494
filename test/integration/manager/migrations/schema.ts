import type { Queryable } from '../../../../services/manager/database.ts'

/** One object of a schema, as the catalog has it. */
export type SchemaObject = {
  kind: string
  /** with its schema, and of what it is a part */ name: string
  /** the table that it belongs to, also of the table itself */ table: string | null
  /** all of it that can be told from another one of that name */ definition: string
  /** columns that a constraint or an index covers */ columns?: string[]
  unique?: boolean
  /** what the catalog has besides, by kind (the queries below) */ more?: Record<string, string | boolean | null>
}

/** A schema by `kind name`. */
export type Schema = Map<string, SchemaObject>

const inScope = (namespace: string) =>
  `${namespace}.nspname NOT LIKE 'pg\\_%' AND ${namespace}.nspname <> 'information_schema'`
const relation = `FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND ${inScope('n')}`
const table = `n.nspname || '.' || c.relname AS "table"`
const namesOf = (keys: string, of = 'c.oid') =>
  `(SELECT array_agg(a.attname::text ORDER BY k.at) FROM unnest(${keys}) WITH ORDINALITY AS k (attnum, at)
      JOIN pg_attribute a ON a.attrelid = ${of} AND a.attnum = k.attnum)`

const queries: readonly string[] = [
  `SELECT 'schema' AS kind, nspname AS name, NULL AS "table", coalesce(nspacl::text, '') AS definition
   FROM pg_namespace n WHERE ${inScope('n')}`,
  `SELECT 'table' AS kind, n.nspname || '.' || c.relname AS name, ${table},
     concat_ws(' ', relkind, relpersistence, relrowsecurity, relforcerowsecurity, relreplident, reloptions, relowner::regrole, relacl,
       CASE WHEN relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END,
       pg_get_partkeydef(c.oid)) AS definition,
     json_build_object('file', relfilenode::text) AS more
   ${relation} WHERE relkind IN ('r', 'p', 'v', 'm', 'f')`,
  `SELECT 'column' AS kind, n.nspname || '.' || c.relname || '.' || attname AS name, ${table},
     concat_ws(' ', rank() OVER (PARTITION BY c.oid ORDER BY attnum), format_type(atttypid, atttypmod),
       CASE WHEN attnotnull THEN 'NOT NULL' END, 'DEFAULT ' || pg_get_expr(adbin, adrelid), attidentity, attgenerated,
       attcollation::regcollation, attstorage, attcompression, attacl) AS definition,
     json_build_object('notNull', attnotnull, 'default', pg_get_expr(adbin, adrelid), 'generated', attgenerated,
       'domain', (SELECT typtype = 'd' FROM pg_type WHERE pg_type.oid = atttypid), 'label', attname) AS more
   ${relation} JOIN pg_attribute ON attrelid = c.oid AND attnum > 0 AND NOT attisdropped
     LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
   WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'c')`,
  // that a column is not null stands with the column, whichever version of PostgreSQL it is
  `SELECT 'constraint' AS kind, n.nspname || '.' || c.relname || '.' || conname AS name, ${table},
     pg_get_constraintdef(o.oid) AS definition, contype IN ('p', 'u', 'x') AS "unique",
     coalesce(${namesOf('conkey')}, '{}') AS columns,
     json_build_object('type', contype, 'valid', convalidated, 'deletes', confdeltype, 'updates', confupdtype,
       'toKey', EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = o.confrelid AND k.contype = 'p' AND k.conkey = o.confkey),
       'to', (SELECT rn.nspname || '.' || r.relname FROM pg_class r JOIN pg_namespace rn ON rn.oid = r.relnamespace
         WHERE r.oid = confrelid)) AS more
   ${relation} JOIN pg_constraint o ON conrelid = c.oid WHERE contype <> 'n'`,
  `SELECT 'index' AS kind, n.nspname || '.' || i.relname AS name, ${table},
     concat_ws(' ', pg_get_indexdef(indexrelid), indisvalid, indisready, indisclustered, indisreplident) AS definition,
     indisunique AS "unique", coalesce(${namesOf('indkey::int2[]')}, '{}') AS columns,
     json_build_object('expression', indexprs IS NOT NULL) AS more
   ${relation} JOIN pg_index ON indrelid = c.oid JOIN pg_class i ON i.oid = indexrelid`,
  `SELECT 'trigger' AS kind, n.nspname || '.' || c.relname || '.' || tgname AS name, ${table},
     concat_ws(' ', pg_get_triggerdef(t.oid), tgenabled) AS definition
   ${relation} JOIN pg_trigger t ON tgrelid = c.oid WHERE NOT tgisinternal`,
  `SELECT 'rule' AS kind, n.nspname || '.' || c.relname || '.' || rulename AS name, ${table},
     concat_ws(' ', pg_get_ruledef(r.oid), ev_enabled) AS definition
   ${relation} JOIN pg_rewrite r ON ev_class = c.oid WHERE rulename <> '_RETURN'`,
  `SELECT 'policy' AS kind, n.nspname || '.' || c.relname || '.' || polname AS name, ${table},
     concat_ws(' ', polcmd, polpermissive, polroles, pg_get_expr(polqual, c.oid), pg_get_expr(polwithcheck, c.oid)) AS definition
   ${relation} JOIN pg_policy ON polrelid = c.oid`,
  `SELECT 'inheritance' AS kind, n.nspname || '.' || c.relname || ' from ' || inhparent::regclass AS name,
     pn.nspname || '.' || p.relname AS "table", coalesce(pg_get_expr(c.relpartbound, c.oid), '') AS definition
   ${relation} JOIN pg_inherits ON inhrelid = c.oid JOIN pg_class p ON p.oid = inhparent
     JOIN pg_namespace pn ON pn.oid = p.relnamespace WHERE c.relkind IN ('r', 'p', 'f')`,
  `SELECT 'sequence' AS kind, n.nspname || '.' || c.relname AS name, NULL AS "table",
     concat_ws(' ', seqtypid::regtype, seqstart, seqincrement, seqmin, seqmax, seqcycle, relacl) AS definition
   ${relation} JOIN pg_sequence ON seqrelid = c.oid`,
  `SELECT 'function' AS kind, n.nspname || '.' || proname || '(' || pg_get_function_identity_arguments(p.oid) || ')' AS name,
     NULL AS "table", concat_ws(' ', CASE WHEN prokind = 'a' THEN prosrc ELSE pg_get_functiondef(p.oid) END, proacl) AS definition
   FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace AND ${inScope('n')}`,
  `SELECT 'type' AS kind, n.nspname || '.' || typname AS name, NULL AS "table",
     concat_ws(' ', typtype, format_type(typbasetype, typtypmod), typnotnull, typdefault,
       (SELECT array_agg(enumlabel ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid),
       (SELECT array_agg(pg_get_constraintdef(o.oid) ORDER BY conname) FROM pg_constraint o WHERE contypid = t.oid)) AS definition
   FROM pg_type t JOIN pg_namespace n ON n.oid = typnamespace AND ${inScope('n')} WHERE typtype IN ('e', 'd', 'r', 'm')`,
  `SELECT 'extension' AS kind, extname AS name, NULL AS "table", extversion AS definition FROM pg_extension`,
  `SELECT 'event trigger' AS kind, evtname AS name, NULL AS "table",
     concat_ws(' ', evtevent, evtfoid::regproc, evtenabled, evttags) AS definition FROM pg_event_trigger`,
  `SELECT 'setting' AS kind, coalesce(setrole::regrole::text, 'all') AS name, NULL AS "table", setconfig::text AS definition
   FROM pg_db_role_setting WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())`,
]

/** Reads the schema of a database from its catalog. */
export async function readSchema(database: Queryable): Promise<Schema> {
  const schema: Schema = new Map()
  for (const query of queries)
    for (const object of (await database.query<SchemaObject>(query)).rows)
      schema.set(`${object.kind} ${object.name}`, object)
  return schema
}

/** A schema as lines that can be compared: everything but where its bytes are. */
export const linesOf = (schema: Schema): string[] =>
  [...schema].map(([key, { definition }]) => `${key}: ${definition}`).sort()
