import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { parseJson } from '@sealift/bundle-spec/json.ts'
import { asText } from '../input/small-file.ts'
import { type Place, parseChartYaml, placeIn } from '../input/yaml.ts'
import { checkChartArchive } from './chart-archive.ts'

/** What a chart says of its values: `values.yaml` and `values.schema.json`, as plain data. */
export interface ChartFiles {
  values: unknown
  schema?: unknown
}

/** Reads them from a chart archive. @throws SealiftError BUNDLE_CHART, BUNDLE_JSON */
export async function chartValuesIn(archive: string): Promise<ChartFiles> {
  const { files } = await checkChartArchive(archive)
  const [values, schema] = [files.get('values.yaml'), files.get('values.schema.json')]
  const bad = (why: string, at?: Place, cause?: unknown) =>
    new SealiftError('BUNDLE_CHART', 'the values of the chart in the bundle cannot be read', {
      why: `${placeIn('values.yaml', at)}: ${why}`,
      fix: 'ask the vendor for a bundle with a chart that helm lint accepts',
      cause,
    })
  return {
    values:
      values === undefined
        ? {}
        : (parseChartYaml(
            asText(values, (why) => bad(why)),
            bad,
          ).value ?? {}),
    ...(schema === undefined ? {} : { schema: parseJson(schema, 'values.schema.json') }),
  }
}
