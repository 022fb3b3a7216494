import type { Schema, SchemaObject } from './schema.ts'

/**
 * Says what of a change of the schema could break the code of before, which knows nothing of it and goes on reading and
 * writing: one sentence each, none when the old code works on. It errs on the safe side: what the catalog can't show to be
 * harmless is named.
 */
export function whatBreaksOldCode(before: Schema, after: Schema): string[] {
  const changed = [...before].flatMap(([key, was]) => {
    const is = after.get(key)
    if (is === undefined) return [`${key} is gone or renamed`]
    if (is.definition !== was.definition)
      return [`${key} was changed: ${was.definition || 'nothing'} became ${is.definition || 'nothing'}`]
    if (is.kind === 'table' && is.more?.file !== was.more?.file)
      return [`${key} was rewritten: nobody reads or writes it for as long as that takes`]
    return []
  })
  const added = [...after].flatMap(([key, object]) => {
    const why = before.has(key) ? undefined : whyAddedBreaks(object, before, after)
    return why === undefined ? [] : [`${key} ${why}`]
  })
  return [...changed, ...added]
}

/** What a new object does to the code of before. */
function whyAddedBreaks(object: SchemaObject, before: Schema, after: Schema): string | undefined {
  const isOld = (table: unknown) => before.has(`table ${table}`)
  const { kind, table, more = {} } = object
  if (kind === 'setting') return 'changes how every statement runs'
  if (kind === 'event trigger') return 'runs with the statements of old code'
  if (kind === 'schema') return 'may stand before the one that old code looks into'
  if (kind === 'constraint' && isOld(more.to)) {
    const why = whyReferenceBreaks(object, after)
    if (why !== undefined) return why
  }
  if (!isOld(table)) return undefined
  if (kind === 'column') return whyColumnBreaks(object, before)
  if (kind === 'constraint' || kind === 'index') return whyBoundBreaks(object, before, after)
  if (kind === 'trigger' || kind === 'rule' || kind === 'policy') return 'runs with the statements of old code'
  if (kind === 'inheritance') return 'adds rows to what old code reads'
  return undefined
}

function whyColumnBreaks({ table, more = {} }: SchemaObject, before: Schema): string | undefined {
  if (more.generated !== '') return 'computes something on each write of old code'
  if (more.domain === true) return 'is of a domain, whose rules old code does not know'
  if (more.notNull === true && more.default === null)
    return 'is not null, and old code gives it no value: let it have a default'
  // SELECT name FROM one JOIN other: which of two is meant, once both have it?
  for (const other of before.values())
    if (other.kind === 'column' && other.more?.label === more.label && other.table !== table)
      return `has the name of a column of ${other.table}: old code that joins the two may not say which it means`
  return undefined
}

/** A foreign key to a table of before. */
function whyReferenceBreaks({ table, columns = [], more = {} }: SchemaObject, after: Schema): string | undefined {
  const nullable = columns.every((column) => after.get(`column ${table}.${column}`)?.more?.notNull === false)
  // pg_constraint.confdeltype: c is CASCADE, n is SET NULL
  if (more.deletes !== 'c' && !(more.deletes === 'n' && nullable))
    return `keeps old code from deleting rows of ${more.to}: let it cascade, or set null what may be null`
  if (more.toKey !== true && more.updates !== 'c')
    return `keeps old code from changing rows of ${more.to}: let it name the primary key`
  return undefined
}

/** A constraint or an index of a table of before. */
function whyBoundBreaks(object: SchemaObject, before: Schema, after: Schema): string | undefined {
  const { kind, table, columns = [], unique = false, more = {}, definition } = object
  const isOld = (column: string) => before.has(`column ${table}.${column}`)
  // what old code leaves null equals nothing
  const leftNull = (column: string) => {
    const is = after.get(`column ${table}.${column}`)?.more
    return !isOld(column) && is?.notNull === false && is.default === null
  }
  if (unique)
    return columns.some(leftNull) && !definition.includes('NULLS NOT DISTINCT')
      ? undefined
      : 'refuses what old code may write'
  if (kind === 'index')
    return more.expression === true ? 'computes something on each write of old code, which can fail' : undefined
  if (columns.length === 0 || columns.some(isOld)) return 'refuses what old code may write'
  return more.valid === true ? undefined : 'is not validated: what old code leaves to the default may not meet it'
}
