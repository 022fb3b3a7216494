import { limits } from '@sealift/bundle-spec/limits.ts'
import type { Refuse } from '../input/regular-file.ts'
import { readSmallText } from '../input/small-file.ts'
import { parseChartYaml, placeIn } from '../input/yaml.ts'

/** What Chart.yaml says. */
export interface ChartFile {
  name: string
  version: string
  /** all of it: what Helm keeps as an OCI artifact's config */
  metadata: Record<string, unknown>
}

/** A name becomes the first directory of the archive: as Helm, no path, and at most 250 characters. */
const namePattern = /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,249}$/
/** Semantic Versioning 2, as Helm wants it; a leading v is left to it. */
const versionPattern = /^v?[0-9]+(\.[0-9]+){0,2}(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/

/**
 * Reads the Chart.yaml of a chart, which others may have written. @throws what `refuse` makes
 */
export function readChartFile(file: string, refuse: Refuse): ChartFile {
  const text = readSmallText(file, limits.configuration, (why, cause) =>
    refuse(`Chart.yaml cannot be read: ${why}`, cause),
  )
  const { value } = parseChartYaml(text, (why, at, cause) => refuse(`${placeIn('Chart.yaml', at)}: ${why}`, cause))
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw refuse('Chart.yaml does not hold fields')
  const metadata = value as Record<string, unknown>
  const wordOf = (field: string, pattern: RegExp): string => {
    const said = metadata[field]
    if (said === undefined || said === null) throw refuse(`Chart.yaml has no ${field}`)
    if (typeof said !== 'string') throw refuse(`${field} in Chart.yaml is not text: write it in quotes`)
    if (!pattern.test(said))
      throw refuse(`${field} in Chart.yaml is not what Helm takes: ${JSON.stringify(said.slice(0, 100))}`)
    return said
  }
  return { metadata, name: wordOf('name', namePattern), version: wordOf('version', versionPattern) }
}
