import assert from 'node:assert/strict'

// biome-ignore lint/suspicious/noExplicitAny: JSON Schema of any kind
type Schema = any
export type Operation = { method: string; path: string; permission: string; body: unknown }

/**
 * Every operation of the manager's OpenAPI document whose path names an object, with that object's id put in, and with a
 * body that its schema takes. `idOf` says which id stands for a parameter behind a collection such as `workspaces`;
 * undefined: any that the schema takes.
 */
export function operationsOn(document: Schema, idOf: (collection: string) => string | undefined): Operation[] {
  const operations: Operation[] = []
  for (const [template, methods] of Object.entries<Schema>(document.paths)) {
    if (!template.includes('{')) continue
    for (const [method, operation] of Object.entries<Schema>(methods)) {
      const path = template.replace(/\/([^/]+)\/\{(\w+)\}/g, (_whole, collection: string, name: string) => {
        const id = idOf(collection)
        if (id !== undefined) return `/${collection}/${id}`
        const declared = operation.parameters?.find((one: Schema) => one.in === 'path' && one.name === name)
        return `/${collection}/${sample(declared?.schema ?? { type: 'string' })}`
      })
      const schema = operation.requestBody?.content?.['application/json']?.schema
      operations.push({
        method: method.toUpperCase(),
        path,
        permission: operation['x-permission'],
        body: schema === undefined ? undefined : sample(schema),
      })
    }
  }
  return operations
}

const texts = [
  'sample',
  'abcdefghij',
  'registry.example/sample',
  '127.0.0.1',
  'https://registry.example',
  '8080',
  'SHA256:',
]

/** A value that a JSON Schema takes; as much of it as routes use. */
function sample(schema: Schema): unknown {
  if (schema.const !== undefined) return schema.const
  if (schema.enum !== undefined) return schema.enum.at(-1)
  const choices = schema.anyOf ?? schema.oneOf
  if (choices !== undefined) return sample(choices[0])
  if (schema.type === 'object') {
    const all = Object.entries<Schema>(schema.properties ?? {})
    const needed = all.filter(([name]) => schema.required?.includes(name))
    const chosen = needed.length > 0 ? needed : all.slice(0, schema.minProperties ?? 0)
    return Object.fromEntries(chosen.map(([name, property]) => [name, sample(property)]))
  }
  if (schema.type === 'array') return Array.from({ length: schema.minItems ?? 0 }, () => sample(schema.items))
  if (schema.type === 'boolean') return true
  if (schema.type === 'integer' || schema.type === 'number') return schema.minimum ?? 1
  const pattern = new RegExp(schema.pattern ?? '')
  const text = texts.find((one) => pattern.test(one))
  assert.ok(text !== undefined, `no text of ours matches ${schema.pattern}: add one`)
  return text.padEnd(schema.minLength ?? 0, 'x')
}
