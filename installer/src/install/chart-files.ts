import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { parseJson } from '@sealift/bundle-spec/json.ts'
import type { Refuse } from '../input/regular-file.ts'
import { asText } from '../input/small-file.ts'
import { parseChartYaml, placeIn } from '../input/yaml.ts'
import { checkChartArchive } from './chart-archive.ts'

/** What a chart says of its values: `values.yaml` and `values.schema.json`, as plain data. */
export interface ChartFiles {
  values: unknown
  schema?: unknown
}

/** Reads them from a chart archive. @throws SealiftError BUNDLE_CHART */
export async function chartValuesIn(archive: string): Promise<ChartFiles> {
  const { files } = await checkChartArchive(archive)
  const bad = (why: string, cause?: unknown) =>
    new SealiftError('BUNDLE_CHART', 'the values of the chart in the bundle cannot be read', {
      why,
      fix: 'ask the vendor for a bundle with a chart that helm lint accepts',
      cause,
    })
  const schema = files.get('values.schema.json')
  return {
    values: valuesIn(files.get('values.yaml'), bad),
    ...(schema === undefined ? {} : { schema: schemaIn(schema, bad) }),
  }
}

function valuesIn(file: Buffer | undefined, bad: Refuse): unknown {
  const name = 'values.yaml'
  const text = asText(file ?? Buffer.alloc(0), (why, cause) => bad(`${name}: ${why}`, cause))
  return parseChartYaml(text, (why, at, cause) => bad(`${placeIn(name, at)}: ${why}`, cause)).value ?? {}
}

function schemaIn(file: Buffer, bad: Refuse): unknown {
  try {
    return parseJson(file, 'values.schema.json')
  } catch (cause) {
    const { message, why } = cause as SealiftError
    throw bad(`${message}: ${why}`, cause)
  }
}
