import { cp, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Document, parseDocument } from 'yaml'

/** How a release's chart differs from that of this tree. Values are named by their path: `logging.level`. */
export interface ChartChanges {
  /** other defaults */
  defaults?: Readonly<Record<string, unknown>>
  /** values under another name beside the old one: `requests` by `manager.requestsPerSecond` */
  renamed?: Readonly<Record<string, string>>
}

/** Copies a chart as the one of another version. Throws where a value that is to change is not there. */
export async function deriveChart(
  from: string,
  to: string,
  version: string,
  { defaults = {}, renamed = {} }: ChartChanges,
): Promise<void> {
  await cp(from, to, { recursive: true })
  const rewrite = async (name: string, change: (text: string) => string) =>
    writeFile(join(to, name), change(await readFile(join(to, name), 'utf8')))
  const change = (work: (document: Document) => void) => (text: string) => {
    const document = parseDocument(text)
    work(document)
    return document.toString()
  }
  await rewrite(
    'Chart.yaml',
    change((chart) => {
      for (const field of ['version', 'appVersion']) chart.set(field, version)
    }),
  )
  await rewrite(
    'values.yaml',
    change((values) => {
      for (const [path, value] of Object.entries(defaults)) {
        there(values, path)
        values.setIn(path.split('.'), value)
      }
      for (const [path, name] of Object.entries(renamed)) {
        values.setIn([...path.split('.').slice(0, -1), name], there(values, path))
        values.deleteIn(path.split('.'))
      }
    }),
  )
  await rewrite('values.schema.json', (text) => JSON.stringify(renamedSchema(JSON.parse(text), renamed), null, 2))
  for (const name of await readdir(join(to, 'templates')))
    await rewrite(`templates/${name}`, (text) =>
      Object.entries(renamed).reduce(
        (changed, [path, last]) =>
          changed.replace(new RegExp(`(\\.Values\\.)${RegExp.escape(path)}\\b`, 'g'), `$1${beside(path, last)}`),
        text,
      ),
    )
}

const beside = (path: string, name: string): string => [...path.split('.').slice(0, -1), name].join('.')

function there(values: Document, path: string): unknown {
  const value = values.getIn(path.split('.'))
  if (value === undefined) throw new Error(`the chart has no value ${path}`)
  return value
}

interface Schema {
  properties?: Record<string, Schema>
}

function renamedSchema(schema: Schema, renamed: Readonly<Record<string, string>>): Schema {
  for (const [path, name] of Object.entries(renamed)) {
    const parts = path.split('.')
    const last = parts.pop() as string
    const { properties = {} } = parts.reduce((at: Schema, part) => at.properties?.[part] ?? {}, schema)
    properties[name] = properties[last] as Schema
    delete properties[last]
  }
  return schema
}
