import type { Database } from './database.ts'

/** A migration that a manager has carried out. */
export interface AppliedMigration {
  /** `012_ssh_keys_by_user.sql` */
  name: string
  /** SHA-256 of its text, in hex */
  hash: string
  /** what it does to a manager that does not know it; undefined where a manager wrote it that did not say so */
  class?: string
  /** SQL that takes it back; undefined where there is none */
  back?: string
}

/** The migrations of the database, oldest first; none where no manager has begun yet. @throws SealiftError CLUSTER_SQL */
export async function appliedMigrations(database: Pick<Database, 'query'>): Promise<AppliedMigration[]> {
  const columns = await database.query<{ name: string }>(
    `SELECT attname AS name FROM pg_attribute WHERE attrelid = to_regclass('public.migrations') AND attnum > 0 AND NOT attisdropped`,
  )
  if (columns.length === 0) return []
  const has = (name: string) => columns.some((column) => column.name === name)
  const wanted = ['name', 'hash', ...['class', 'back'].filter(has)].map((name) => `"${name}"`)
  const rows = await database.query<Record<string, string | null>>(
    `SELECT ${wanted.join(', ')} FROM migrations ORDER BY name COLLATE "C"`,
  )
  return rows.map(({ name, hash, class: kind, back }) => ({
    name: name ?? '',
    hash: hash ?? '',
    ...(kind == null ? {} : { class: kind }),
    ...(back == null ? {} : { back }),
  }))
}

/** Whether it is taken back without a loss, by what the database keeps of it. */
export const takesItselfBack = ({ class: kind, back }: AppliedMigration): boolean =>
  kind === 'additive' && back !== undefined
