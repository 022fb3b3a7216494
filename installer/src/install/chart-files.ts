import { parseJson } from '@sealift/bundle-spec/json.ts'
import { list } from 'tar'
import { parse } from 'yaml'

/** What a chart says of its values: `values.yaml` and `values.schema.json`, as plain data. */
export interface ChartFiles {
  values: unknown
  schema?: unknown
}

/** bytes of one of the two files */
const largest = 4 * 1024 * 1024

/** Reads them from a chart archive, which was checked already. */
export async function chartValuesIn(archive: string): Promise<ChartFiles> {
  const texts = new Map<string, Promise<string>>()
  await list({
    file: archive,
    onReadEntry: (entry) => {
      const [, name] = /^[^/]+\/(values\.yaml|values\.schema\.json)$/.exec(entry.path) ?? []
      if (name === undefined || (entry.size ?? 0) > largest) return entry.resume()
      texts.set(
        name,
        entry.collect().then((chunks) => Buffer.concat(chunks as Buffer[]).toString()),
      )
    },
  })
  const [values, schema] = await Promise.all([texts.get('values.yaml'), texts.get('values.schema.json')])
  return {
    values: values === undefined ? {} : (parse(values, { maxAliasCount: 100 }) ?? {}),
    ...(schema === undefined ? {} : { schema: parseJson(Buffer.from(schema), 'values.schema.json') }),
  }
}
