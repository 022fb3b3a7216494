import { parseJson } from '@sealift/bundle-spec/json.ts'
import { list } from 'tar'
import { parse } from 'yaml'
import type { ChartValues } from './values-known.ts'

/** bytes of one of the two files */
const largest = 4 * 1024 * 1024

/** What a chart archive, which was checked already, says of its values: `values.yaml` and `values.schema.json`. */
export async function chartValuesIn(archive: string): Promise<ChartValues> {
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
