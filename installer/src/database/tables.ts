import type { Database } from './database.ts'

/** How large a table is. */
export interface TableSize {
  name: string
  /** on disk, with its indexes and what is stored beside it */
  bytes: number
  /** on disk, without its indexes: what a dump of it has at most, about */
  data: number
  /** as PostgreSQL last estimated them */
  rows: number
}

/** The tables of the platform, largest first. @throws SealiftError CLUSTER_SQL */
export const tableSizes = (database: Pick<Database, 'query'>): Promise<TableSize[]> =>
  database.query<TableSize>(
    `SELECT pg_class.relname AS name, pg_total_relation_size(pg_class.oid) AS bytes, pg_table_size(pg_class.oid) AS data,
      CASE WHEN reltuples < 0 THEN coalesce(n_live_tup, 0) ELSE reltuples END::bigint AS rows
    FROM pg_class LEFT JOIN pg_stat_user_tables ON pg_stat_user_tables.relid = pg_class.oid
    WHERE relnamespace = to_regnamespace('public') AND relkind = 'r'
    ORDER BY bytes DESC, name`,
  )
