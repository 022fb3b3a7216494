import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { MigrationClass, MigrationName } from '@sealift/bundle-spec/migrations.ts'
import Value from 'typebox/value'
import { whyNotAtOnce } from './sql-statements.ts'

/** One step of the schema: a file of `migrations`. CONTRIBUTING.md says how to write one. */
export type Migration = {
  name: string
  /** SHA-256 of the whole file, in hex */ hash: string
  class: MigrationClass
  /** whose rows it rewrites */ tables: string[]
  /** one sentence for the operator */ says: string
  forward: string
  /** takes it back, exactly; each additive one has it */ back: string | undefined
}

export const migrationsDirectory = new URL('./migrations/', import.meta.url)

/** The migrations of a directory in the order of their names. @throws Error that names the file at fault */
export async function readMigrations(directory: URL = migrationsDirectory): Promise<Migration[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.sql')).sort()
  for (const [i, name] of names.entries())
    if (name.slice(0, 3) === names[i + 1]?.slice(0, 3))
      throw new Error(`two migrations have the number ${name.slice(0, 3)}: their order would be chance`)
  return await Promise.all(
    names.map(async (name) => parseMigration(name, await readFile(new URL(name, directory), 'utf8'))),
  )
}

const header = /^-- class: (\w+)(?: ([a-z_0-9]+(?:, [a-z_0-9]+)*))?\n-- says: ([ -~]{10,200})\n/
const backLine = '\n-- back:\n'

/**
 * Reads a migration: two lines of header, the SQL, and after a line `-- back:` the SQL that takes it back.
 * @throws Error that says what is wrong with which file
 */
export function parseMigration(name: string, text: string): Migration {
  const bad = (why: string) => new Error(`migration ${name}: ${why}`)
  if (!Value.Check(MigrationName, name)) throw bad('its name is not like 014_what_it_adds.sql')
  const [head, kind, tables, says = ''] = header.exec(text) ?? []
  if (head === undefined)
    throw bad(
      'it begins with "-- class: additive" (or "rewriting TABLE, TABLE", "irreversible") and "-- says: SENTENCE"',
    )
  if (!Value.Check(MigrationClass, kind)) throw bad(`there is no class ${kind}`)
  if ((kind === 'rewriting') !== (tables !== undefined))
    throw bad('a rewriting migration names the tables, and no other one does')
  const [forward = '', back, ...more] = text.slice(head.length - 1).split(backLine)
  if (more.length > 0) throw bad('it has more than one line "-- back:"')
  if (kind === 'additive' && back === undefined) throw bad('an additive one needs SQL after a line "-- back:"')
  for (const [part, sql] of [
    ['', forward],
    ['back part: ', back ?? 'SELECT'],
  ] as const) {
    if (sql.trim() === '') throw bad(`${part}there is no SQL`)
    const why = whyNotAtOnce(sql)
    if (why !== undefined) throw bad(`${part}${why}`)
  }
  return {
    name,
    hash: createHash('sha256').update(text).digest('hex'),
    class: kind,
    tables: tables?.split(', ') ?? [],
    says,
    forward: forward.trim(),
    back: back?.trim(),
  }
}
