import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { parseJson } from '@sealift/bundle-spec/json.ts'
import { parse } from 'yaml'
import { checkChartArchive } from './chart-archive.ts'

/** What a chart says of its values: `values.yaml` and `values.schema.json`, as plain data. */
export interface ChartFiles {
  values: unknown
  schema?: unknown
}

/** Reads them from a chart archive. @throws SealiftError BUNDLE_CHART */
export async function chartValuesIn(archive: string): Promise<ChartFiles> {
  const { files } = await checkChartArchive(archive)
  const schema = files.get('values.schema.json')
  try {
    return {
      values: parse(files.get('values.yaml')?.toString() ?? '', { maxAliasCount: 100, logLevel: 'error' }) ?? {},
      ...(schema === undefined ? {} : { schema: parseJson(schema, 'values.schema.json') }),
    }
  } catch (cause) {
    throw new SealiftError('BUNDLE_CHART', 'the values of the chart in the bundle cannot be read', {
      why: (cause as Error).message.split('\n', 1)[0],
      fix: 'ask the vendor for a bundle with a chart that helm lint accepts',
      cause,
    })
  }
}
