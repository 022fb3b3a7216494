import { dirname, resolve } from 'node:path'
import { Declaration, mostDeclared } from '@sealift/bundle-spec/allowlist.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
import { Platform, ReleaseImage } from '@sealift/bundle-spec/release.ts'
import { parseReleaseName, releaseNameOf } from '@sealift/bundle-spec/release-name.ts'
import { Name, Sentence, Version } from '@sealift/bundle-spec/texts.ts'
import Type from 'typebox'
import Value from 'typebox/value'
import { declarationFault } from '../allowlist/declared.ts'
import { readSmallText } from '../input/small-file.ts'
import { parseYaml, placeIn } from '../input/yaml.ts'

const Image = Type.Object(
  {
    ...Type.Omit(ReleaseImage, ['digest', 'original']).properties,
    source: Type.Optional(
      Type.String({
        pattern: '^(oci-layout|bundle|docker-archive):[^:]+(:.*)?$',
        description: 'where it is, if not at a registry: KIND:PATH:NAME, the path relative to release.yaml',
      }),
    ),
    sbom: Type.Optional(Type.String({ description: 'SBOM of it (CycloneDX or SPDX, JSON), relative to release.yaml' })),
  },
  { additionalProperties: false },
)

const File = Type.Object(
  {
    name: Name,
    path: Type.Optional(Type.String({ description: 'relative to release.yaml; else given with --file NAME=PATH' })),
    url: Type.Optional(Type.String({ maxLength: 8192, description: 'where it is downloaded from' })),
    sha256: Type.Optional(Type.String({ pattern: '^[0-9a-f]{64}$' })),
    size: Type.Optional(Type.Integer({ minimum: 0, description: 'bytes' })),
    plainHttp: Type.Optional(Type.Boolean({ description: 'allows a url without TLS' })),
    platform: Type.Optional(Platform),
    executable: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
)

const Extension = Type.Object(
  { path: Type.String({ description: 'a VSIX file, relative to release.yaml; it says itself what it is' }) },
  { additionalProperties: false },
)

/** What a vendor writes: release.yaml. The build turns it into the release manifest (bundle-spec/src/release.ts). */
export const ReleaseSource = Type.Object(
  {
    apiVersion: Type.Literal('sealift.dev/v1'),
    kind: Type.Literal('ReleaseSource'),
    name: Name,
    version: Version,
    created: Type.String({ pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$' }),
    platforms: Type.Array(Platform, { minItems: 1 }),
    minimumKubernetes: Type.String({ pattern: '^1\\.[0-9]+$' }),
    upgradesFrom: Type.Optional(Type.String()),
    noWayBack: Type.Optional(Sentence),
    reference: Type.Optional(
      Type.String({ description: 'host/repository in which registries keep the release; default: CHART/release' }),
    ),
    chart: Type.Object({ path: Type.String(), reference: Type.String() }, { additionalProperties: false }),
    images: Type.Array(Image, { minItems: 1 }),
    files: Type.Array(File),
    endpoints: Type.Optional(Type.Array(Declaration, { maxItems: mostDeclared })),
    allowlist: Type.Optional(
      Type.String({ description: 'list that sealift allowlist generate has written, relative to release.yaml' }),
    ),
    extensions: Type.Optional(Type.Array(Extension, { description: 'extensions of editors' })),
    valuesSets: Type.Array(
      Type.Object({ name: Name, values: Type.Record(Type.String(), Type.Unknown()) }, { additionalProperties: false }),
      { minItems: 1 },
    ),
  },
  { additionalProperties: false },
)
export type ReleaseSource = Type.Static<typeof ReleaseSource> & {
  /** `release.yaml:12`, for errors: where an image stands, or an extension */
  placeOf(image: { name: string }): string
  placeOfExtension(index: number): string
}

/**
 * Reads release.yaml. Paths in it are relative to it and come back absolute.
 * @throws SealiftError BUILD_SOURCE naming the field and its line
 */
export async function readSource(path: string): Promise<ReleaseSource> {
  const text = readSmallText(
    path,
    limits.configuration,
    (why, cause) => new SealiftError('BUILD_SOURCE', `${path} cannot be read`, { why, fix: `ls -l ${path}`, cause }),
  )
  // timestamps stay text: YAML 1.2 core has no date type
  const { value, placeOf } = parseYaml(
    text,
    (why, at, cause) => new SealiftError('BUILD_SOURCE', `${placeIn(path, at)}: ${why}`, { cause }),
  )
  const placeAt = (field: readonly (string | number)[]): string => `${path}:${placeOf(field).line}`
  if (!Value.Check(ReleaseSource, value)) {
    const [first] = Value.Errors(ReleaseSource, value)
    const field = (first?.instancePath ?? '').split('/').slice(1)
    throw new SealiftError(
      'BUILD_SOURCE',
      `${placeAt(field)}: ${field.join('.') || 'the release'} ${first?.message ?? 'does not fit'}`,
      {
        why: JSON.stringify(first?.params ?? {}),
        fix: 'docs/vendor.md shows a whole release.yaml',
      },
    )
  }
  for (const [i, file] of value.files.entries()) {
    const bad = fileProblem(file)
    if (bad) throw new SealiftError('BUILD_SOURCE', `${placeAt(['files', i])}: file ${file.name} ${bad}`)
  }
  for (const [i, endpoint] of (value.endpoints ?? []).entries()) {
    const isTwice = value.endpoints?.findIndex(({ id }) => id === endpoint.id) !== i
    const bad = isTwice ? 'two endpoints have this id' : declarationFault(endpoint)
    if (bad) throw new SealiftError('BUILD_SOURCE', `${placeAt(['endpoints', i])}: endpoint ${endpoint.id}: ${bad}`)
  }
  for (const key of ['name', 'reference'] as const)
    for (const [i, image] of value.images.entries())
      if (value.images.findIndex((other) => other[key] === image[key]) !== i)
        throw new SealiftError('BUILD_SOURCE', `${placeAt(['images', i])}: two images have the ${key} ${image[key]}`)
  try {
    if (value.reference !== undefined) parseReleaseName(releaseNameOf(value.reference, value.version))
  } catch (cause) {
    const { why } = cause as SealiftError
    throw new SealiftError('BUILD_SOURCE', `${placeAt(['reference'])}: the release cannot be kept there`, {
      why,
      fix: 'write HOST/REPOSITORY, for example registry.example/cde/release',
      cause,
    })
  }
  const here = dirname(resolve(path))
  return {
    ...value,
    placeOf: ({ name }) => placeAt(['images', value.images.findIndex((image) => image.name === name)]),
    placeOfExtension: (index) => placeAt(['extensions', index]),
    images: value.images.map((image) => ({
      ...image,
      ...(image.source === undefined ? {} : { source: absolute(image.source, here) }),
      ...(image.sbom === undefined ? {} : { sbom: resolve(here, image.sbom) }),
    })),
    chart: { ...value.chart, path: resolve(here, value.chart.path) },
    ...(value.allowlist === undefined ? {} : { allowlist: resolve(here, value.allowlist) }),
    files: value.files.map((file) => (file.path === undefined ? file : { ...file, path: resolve(here, file.path) })),
    ...(value.extensions === undefined
      ? {}
      : { extensions: value.extensions.map(({ path }) => ({ path: resolve(here, path) })) }),
  }
}

/** The repository, under the vendor's names, in which a registry keeps the release itself: signed index and manifest. */
export const releaseRepository = ({ reference, chart }: Pick<ReleaseSource, 'reference' | 'chart'>): string =>
  reference ?? `${chart.reference}/release`

function fileProblem({ path, url, sha256, size, plainHttp }: Type.Static<typeof File>): string | undefined {
  if (path !== undefined && url !== undefined) return 'has a path and a url: it can have one'
  if (url !== undefined && (sha256 === undefined || size === undefined)) return 'has a url, so it needs sha256 and size'
  if (url === undefined && (sha256 ?? size ?? plainHttp) !== undefined) return 'has sha256 or size, but no url'
  return undefined
}

/** `KIND:PATH:NAME` with the path made absolute. */
function absolute(source: string, here: string): string {
  const [kind = '', path = '', ...name] = source.split(':')
  return [kind, resolve(here, path), ...name].join(':')
}
