import path from 'node:path'
import { type Draft, isGroup } from './draft.ts'
import { type Field, root } from './field.ts'

/** The answers in the order of the schema, with the defaults of what is not answered. */
export const complete = (draft: Draft): Draft => completeGroup(root, draft)

function completeGroup({ properties = {} }: Field, draft: Draft): Draft {
  return Object.fromEntries(
    Object.entries(properties).flatMap(([key, field]) => {
      const value = draft[key] ?? field.default
      if (value === undefined) return []
      return [[key, field.properties && isGroup(value) ? completeGroup(field, value) : value]]
    }),
  )
}

type ChangePath = (path: string, keys: readonly (string | number)[]) => string

/** The answers with each path as `change` makes it; `keys` say where it stands. */
export const withPaths = (draft: Draft, change: ChangePath): Draft => pathsOf(root, draft, change, []) as Draft

/** The answers with paths that count from the root of this machine's file system, no longer from a directory. */
export const withAbsolutePaths = (draft: Draft, directory: string): Draft =>
  withPaths(draft, (file) => path.resolve(directory, file))

function pathsOf(field: Field, value: unknown, change: ChangePath, keys: (string | number)[]): unknown {
  const { properties, items } = field
  if (properties && isGroup(value))
    return Object.fromEntries(
      Object.entries(value).map(([key, below]) => [
        key,
        Object.hasOwn(properties, key) ? pathsOf(properties[key] as Field, below, change, [...keys, key]) : below,
      ]),
    )
  if (items && Array.isArray(value)) return value.map((item, i) => pathsOf(items, item, change, [...keys, i]))
  return field.file && typeof value === 'string' ? change(value, keys) : value
}
