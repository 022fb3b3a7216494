import type { Queryable } from '../database.ts'

/** What users are told of before it happens. Who installs makes them, by SQL (docs/operate.md). */
export type Notice = {
  id: string
  /** such as `upgrade` */ kind: string
  /** one sentence or two */ says: string
  /** when that begins and ends which it tells of */ startsAt: Date
  endsAt: Date
}

/** Most that are told at a time. */
const most = 10

/** The notices that have not ended, what begins first first. `now` is in milliseconds. */
export async function currentNotices(database: Queryable, now: number): Promise<Notice[]> {
  const { rows } = await database.query<Notice>(
    `SELECT id, kind, says, starts_at AS "startsAt", ends_at AS "endsAt" FROM notices WHERE ends_at > $1
     ORDER BY starts_at, id LIMIT ${most}`,
    [new Date(now)],
  )
  return rows
}
