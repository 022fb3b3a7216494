import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { Allowlist, SealedAllowlist } from '@sealift/bundle-spec/allowlist.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
import { generateAllowlist, type ReleaseFacts } from '../allowlist/generate.ts'
import { readAllowlistFile } from '../allowlist/read.ts'
import { unlisted } from '../allowlist/release-facts.ts'
import { isMissing } from '../input/regular-file.ts'
import { readSmallText } from '../input/small-file.ts'
import { parseChartYaml, placeIn } from '../input/yaml.ts'
import { type ReleaseSource, releaseRepository } from './source.ts'

/**
 * What an allowlist is made of, out of release.yaml; `listed` is the vendor's own list so far, from which what was observed
 * comes, and since when each entry is there.
 */
export function sourceFacts(source: ReleaseSource, defaults: unknown, listed?: Allowlist): ReleaseFacts {
  const { name, version, created, chart, images, endpoints = [] } = source
  const declaredIds = new Set(endpoints.map(({ id }) => id))
  return {
    ...{ name, version, defaults },
    pulled: [
      ...images.map(({ name, reference }) => ({ kind: 'image' as const, name, reference })),
      { kind: 'chart', name, reference: chart.reference },
      { kind: 'release', name, reference: releaseRepository(source) },
    ],
    sealed: {
      ...unlisted(created),
      declared: endpoints,
      ...(listed === undefined
        ? {}
        : {
            version: listed.version,
            endpoints: listed.endpoints.filter(({ id, known }) => known.how !== 'declared' && !declaredIds.has(id)),
            changes: listed.changes,
          }),
    },
  }
}

/** The values that the chart of a release has by itself. @throws SealiftError BUILD_CHART */
export async function defaultValues({ chart }: Pick<ReleaseSource, 'chart'>): Promise<unknown> {
  const bad = (why: string, cause?: unknown) =>
    new SealiftError('BUILD_CHART', `the values.yaml of ${chart.path} cannot be read`, {
      why,
      fix: `helm lint ${chart.path}`,
      cause,
    })
  try {
    const text = readSmallText(join(chart.path, 'values.yaml'), limits.chartValues, bad)
    return parseChartYaml(text, (why, at, cause) => bad(`${placeIn('values.yaml', at)}: ${why}`, cause)).value ?? {}
  } catch (error) {
    if (isMissing(error)) return {}
    throw error
  }
}

/**
 * What the bundle says of the allowlist, where release.yaml says anything of it. A list that release.yaml names is one of
 * this very release, so that what is sealed is what the vendor has read.
 * @throws SealiftError USAGE_ALLOWLIST, BUILD_ALLOWLIST
 */
export async function sealAllowlist(source: ReleaseSource, defaults: unknown): Promise<SealedAllowlist | undefined> {
  const { allowlist, endpoints } = source
  if (allowlist === undefined) return endpoints === undefined ? undefined : sourceFacts(source, defaults).sealed
  const listed = await readAllowlistFile(allowlist)
  const facts = sourceFacts(source, defaults, listed)
  const { list } = generateAllowlist(facts)
  // addresses change by themselves
  const plain = ({ endpoints }: Allowlist) => endpoints.map(({ addresses: _, network: __, ...endpoint }) => endpoint)
  const known = new Map(plain(listed).map((endpoint) => [endpoint.id, endpoint]))
  const other = plain(list).find((endpoint) => !isDeepStrictEqual(known.get(endpoint.id), endpoint))
  const gone = plain(listed).find(({ id }) => list.endpoints.every((endpoint) => endpoint.id !== id))
  const isOther = listed.release.version !== source.version || listed.release.name !== source.name
  if (!isOther && other === undefined && gone === undefined) return facts.sealed
  throw new SealiftError('BUILD_ALLOWLIST', `${allowlist} is not the allowlist of this release`, {
    why: isOther
      ? `it is of ${listed.release.name} ${listed.release.version}`
      : `the entry ${(other ?? gone)?.id} is ${known.has(other?.id ?? '') ? 'another one now' : other ? 'missing' : 'no longer needed'}`,
    fix: `sealift allowlist generate release.yaml --since ${allowlist} --format json --out ${allowlist}`,
  })
}
