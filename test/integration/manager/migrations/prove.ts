import { type Database, type Queryable, transaction } from '../../../../services/manager/database.ts'
import type { Migration } from '../../../../services/manager/migration.ts'
import { linesOf, readSchema, type Schema } from './schema.ts'
import { whatBreaksOldCode } from './what-breaks.ts'

type Release = {
  /** whether the platform of the release before runs while it is applied */ runs: boolean
  /** what that platform writes meanwhile */ writes?: string
}

/**
 * Applies a migration and says where it is not what its class says: one sentence each. An additive one changes nothing
 * that the code of before reads, and takes whatever that writes; a rewriting one names all tables that it touches; what
 * has a back part can be taken back, to the same schema and with every row that was there or came meanwhile.
 */
export async function prove(database: Database, migration: Migration, { runs, writes }: Release): Promise<string[]> {
  const { forward, back } = migration
  const wrong: string[] = []
  const run = (sql: string, otherwise: string) =>
    transaction(database, (client) => client.query(sql)).catch((error: Error) => {
      wrong.push(`${otherwise}: ${error.message}`)
    })
  const from = await readSchema(database)
  const rows = await rowsOf(database, from)
  await run(forward, 'it cannot be applied')
  const to = await readSchema(database)
  const touched = [...from.values()].filter(
    ({ kind, name, more }) => kind === 'table' && to.get(`table ${name}`)?.more?.file !== more?.file,
  )
  for (const [name, held] of await rowsOf(database, from, to))
    if (held !== rows.get(name)) {
      if (migration.class === 'additive') wrong.push(`rows of ${name} are not what they were`)
      touched.push(...[...from.values()].filter((one) => one.kind === 'table' && one.name === name))
    }
  if (migration.class === 'additive' && runs) wrong.push(...whatBreaksOldCode(from, to))
  if (migration.class === 'rewriting')
    for (const { name } of touched)
      if (!migration.tables.includes(name.replace(/^public\./, '')))
        wrong.push(`it rewrites ${name} and does not say so`)
  for (const name of migration.tables)
    if (!from.has(`table public.${name}`)) wrong.push(`it says that it rewrites ${name}, and there is no such table`)
  if (writes !== undefined && migration.class === 'additive') await run(writes, 'old code cannot write any more')
  if (back === undefined) return wrong

  const meanwhile = await rowsOf(database, from, to)
  await run(back, 'it cannot be taken back')
  const now = await readSchema(database)
  const [was, is] = [linesOf(from), linesOf(now)]
  wrong.push(...was.filter((line) => !is.includes(line)).map((line) => `the way back does not bring back ${line}`))
  wrong.push(...is.filter((line) => !was.includes(line)).map((line) => `the way back leaves ${line}`))
  for (const [name, held] of await rowsOf(database, from, now))
    if (held !== meanwhile.get(name)) wrong.push(`the way back loses rows of ${name}`)
  await run(forward, 'it cannot be applied again')
  return wrong
}

/** All rows of the tables of `schema` in its own columns, those that `is` still has, as one text a table. */
async function rowsOf(database: Queryable, schema: Schema, is = schema): Promise<Map<string, string>> {
  const held = new Map<string, string>()
  for (const { kind, name } of schema.values()) {
    if (kind !== 'table' || !is.has(`table ${name}`)) continue
    const columns = [...schema.values()]
      .filter((one) => one.kind === 'column' && one.table === name && is.has(`column ${one.name}`))
      .map(({ more }) => `"${more?.label}"`)
    const { rows } = await database.query<{ all: string | null }>(
      `SELECT string_agg(one::text, chr(10) ORDER BY one::text) AS all FROM (SELECT ${columns.join(', ')} FROM ${name}) AS one`,
    )
    held.set(name, rows[0]?.all ?? '')
  }
  return held
}
