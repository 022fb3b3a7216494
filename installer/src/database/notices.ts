import type { Database } from './database.ts'
import { literal } from './psql.ts'

/** by which ours are told from others (services/manager/notices) */
const kind = 'upgrade'

/** What people are told of: where they work, until it ends. Times are milliseconds since 1970. */
export interface Notice {
  /** 500 characters at most, without control characters */
  says: string
  starts: number
  ends: number
}

/** Tells people of something, in the place of what they were told before; false where the release knows no notices. @throws SealiftError CLUSTER_SQL */
export async function tellPeople(database: Database, { says, starts, ends }: Notice): Promise<boolean> {
  const time = (ms: number) => `to_timestamp(${Math.round(ms / 1000)})`
  const row = [literal(kind), literal(says), time(starts), time(ends)].join(', ')
  return await withNotices(
    database,
    `DELETE FROM notices WHERE kind = ${literal(kind)}; INSERT INTO notices (kind, says, starts_at, ends_at) VALUES (${row})`,
  )
}

/** Ends what people were told by `tellPeople`. @throws SealiftError CLUSTER_SQL */
export const withdrawNotice = (database: Database): Promise<boolean> =>
  withNotices(database, `DELETE FROM notices WHERE kind = ${literal(kind)}`)

async function withNotices(database: Database, sql: string): Promise<boolean> {
  const [table] = await database.query<{ there: boolean }>(`SELECT to_regclass('public.notices') IS NOT NULL AS there`)
  if (table?.there) await database.script(sql)
  return table?.there === true
}
