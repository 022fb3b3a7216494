import type { KeyObject } from 'node:crypto'
import { copyGraph } from '@sealift/bundle-spec/copy.ts'
import { annotations, mediaTypes } from '@sealift/bundle-spec/descriptor.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { readGraph, repositoryOf } from '@sealift/bundle-spec/graph.ts'
import { toJson } from '@sealift/bundle-spec/json.ts'
import { assertLicensed, readLicense, readLicenseKeys } from '@sealift/bundle-spec/license.ts'
import type { Release } from '@sealift/bundle-spec/release.ts'
import { releaseNameOf, versionTag } from '@sealift/bundle-spec/release-name.ts'
import { readSigningKey, signMessage } from '@sealift/bundle-spec/sign.ts'
import type { ContentStore } from '@sealift/bundle-spec/store.ts'
import { type ReusedBlobs, reuseBlobs } from '../stores/bundle/reuse.ts'
import { writeBundle } from '../stores/bundle/write.ts'
import { type DownloadStore, downloadStore } from '../stores/downloads.ts'
import { fileStore } from '../stores/files.ts'
import { firstOf } from '../stores/first.ts'
import { type MemoryStore, memoryStore } from '../stores/memory.ts'
import type { Artifact } from '../stores/signed-release.ts'
import { checkTarget } from '../stores/target.ts'
import { defaultValues, sealAllowlist } from './allowlist.ts'
import { artifactAs, indexEntry, makeArtifact } from './artifact.ts'
import { type Chart, packChart } from './chart.ts'
import { cover, type Render, renderedImages, type Warning } from './cover.ts'
import { extensionArtifacts } from './extensions.ts'
import { fileArtifacts } from './files.ts'
import { readBack } from './read-back.ts'
import { findReferrers } from './referrers.ts'
import { type ResolvedImage, resolveImages } from './resolve.ts'
import { attachSboms } from './sbom.ts'
import { type ReleaseSource, readSource, releaseRepository } from './source.ts'
import { localSources } from './sources.ts'

export interface BuildOptions {
  /** release.yaml */
  source: string
  /** the bundle to write */
  out: string
  /** where the images are; a `ReferringStore` where what refers to them is to come along */
  registry: ContentStore
  /** where files with a url come from; default: the web */
  downloads?: DownloadStore
  /** milliseconds that a web server may let one request for such a file wait without getting anywhere; default 5 minutes */
  patience?: number | undefined
  /** platforms to deliver, instead of those of release.yaml */
  platforms?: readonly string[] | undefined
  /** false leaves out signatures, SBOMs and attestations that images have where they are */
  referrers?: boolean
  /** public keys (PEM) that bundles named as sources may be signed with */
  trust?: readonly string[]
  /** an older bundle: blobs that it holds are copied from there */
  reuse?: string | undefined
  /** ECDSA P-256 private key, PEM, and the passphrase where it is encrypted */
  signingKey: string
  passphrase?: string | undefined
  /**
   * the license that allows to seal a bundle, and the public keys (PEM) that may sign one. A bundle that is a source must
   * accept it too, by the keys that its own release names
   */
  license: string
  licenseKeys: readonly string[]
  /** paths by name for files that release.yaml leaves open */
  files?: Readonly<Record<string, string>>
  /** renders a packed chart with values */
  render: (chart: Chart, ...rest: Parameters<Render>) => ReturnType<Render>
  signal?: AbortSignal
  /** called with what is being done, and with bytes done and in all once content moves */
  onStep?: (title: string) => void
  onWarning?: (warning: Warning) => void
  onProgress?: (done: number, total: number) => void
}

export interface BuildResult {
  path: string
  /** bytes of the bundle */
  size: number
  release: Release
  /** bytes fetched by this run, bytes copied from an older bundle, and bytes that an interrupted run had left */
  fetched: number
  reused: number
  resumed: number
  /** signatures, SBOMs and attestations of images that came along */
  referrers: number
  warnings: readonly Warning[]
}

/**
 * Seals a release: resolves every image to a digest, proves coverage, signs the index and moves all content into one
 * file. Interrupted at any moment, the same call goes on.
 * @throws SealiftError LICENSE_*, BUILD_*, REGISTRY_*, STORAGE_*, USAGE_*
 */
export async function buildBundle(options: BuildOptions): Promise<BuildResult> {
  checkTarget(options.out)
  const licenseKeys = options.licenseKeys.flatMap(readLicenseKeys)
  const source = await readSource(options.source)
  readSigningKey(options.signingKey, options.passphrase)
  assertLicensed(await readLicense(options.license, options.licenseKeys), { act: 'build' })
  const sources = localSources(options.trust ?? [], options.license, options.signal)
  const downloads = options.downloads ?? downloadStore({ patience: options.patience })
  const old = options.reuse === undefined ? undefined : await reuseBlobs(options.reuse, options.trust ?? [])
  try {
    return await build({ ...options, licenseKeys: licenseKeys.map(asPem) }, source, sources, downloads, old)
  } finally {
    await old?.close()
    await sources.close()
    if (!options.downloads) await downloads.close()
  }
}

const asPem = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }) as string

async function build(
  options: BuildOptions,
  source: ReleaseSource,
  sources: ReturnType<typeof localSources>,
  downloads: DownloadStore,
  old: ReusedBlobs | undefined,
): Promise<BuildResult> {
  const { signal, registry } = options
  const releaseAt = releaseRepository(source)
  const platforms = options.platforms ?? source.platforms
  const made = memoryStore('this build')
  const local = fileStore()

  options.onStep?.('Resolving images, and rendering the chart to prove that none is forgotten')
  const chart = await packChart(source.chart.path)
  const [{ resolved, found }, rendered] = await Promise.all([
    (async () => {
      const resolved = await resolveImages(source, { registry, sources, made, platforms, signal })
      return { resolved, found: options.referrers === false ? [] : await findReferrers(resolved, signal) }
    })(),
    renderedImages(source, (values, s) => options.render(chart, values, s), signal),
  ])
  const pinned = new Map(
    resolved.map(({ image, original }) => [
      image.name,
      { digest: image.descriptor.digest, original: original?.descriptor.digest },
    ]),
  )
  const { report, warnings } = cover(source, pinned, rendered)
  for (const warning of warnings) options.onWarning?.(warning)
  const referrers = [...found, ...(await attachSboms(source, resolved, made))]

  options.onStep?.('Laying out the bundle')
  const chartArtifact = chartAs(made, chart, source)
  const files = await fileArtifacts(source.files, {
    made,
    local,
    downloads,
    given: options.files ?? {},
    repository: `${repositoryOf(chartArtifact.reference)}/files`,
    tag: versionTag(source.version),
  })
  const allowlist = await sealAllowlist(source, await defaultValues(source))
  const extensions = await extensionArtifacts(source, {
    made,
    local,
    repository: `${repositoryOf(chartArtifact.reference)}/extensions`,
  })
  const release: Release = {
    apiVersion: 'sealift.dev/v1',
    kind: 'Release',
    name: source.name,
    version: source.version,
    created: source.created,
    platforms: [...platforms],
    minimumKubernetes: source.minimumKubernetes,
    ...(source.upgradesFrom === undefined ? {} : { upgradesFrom: source.upgradesFrom }),
    ...(source.noWayBack === undefined ? {} : { noWayBack: source.noWayBack }),
    chart: { name: chart.name, reference: chartArtifact.reference, digest: chartArtifact.descriptor.digest },
    images: source.images.map((image, i) => releaseImage(image, resolved[i] as ResolvedImage)),
    files: files.map(({ file, artifact }) => ({
      name: file.name,
      digest: artifact.descriptor.digest,
      ...(file.platform === undefined ? {} : { platform: file.platform }),
      ...(file.executable === undefined ? {} : { executable: file.executable }),
    })),
    ...(allowlist === undefined ? {} : { allowlist }),
    ...(extensions.length === 0 ? {} : { extensions: extensions.map(({ extension }) => extension) }),
    licenseKeys: [...options.licenseKeys],
    coverage: report,
  }
  const layer = made.put(toJson(release), mediaTypes.release)
  const manifest = makeArtifact(made, layer, { artifactType: mediaTypes.release })
  // by digest: the version is the name of the signed index, which a registry keeps there too
  const releaseArtifact = artifactAs('release', source.name, `${releaseAt}@${manifest.digest}`, manifest)
  const artifacts = distinct([
    releaseArtifact,
    chartArtifact,
    ...resolved.map(({ image }) => image),
    ...files.map(({ artifact }) => artifact),
    ...extensions.map(({ artifact }) => artifact),
    ...resolved.flatMap(({ original }) => original ?? []),
    ...referrers,
  ])
  const name = releaseNameOf(releaseArtifact.reference, source.version)
  const taken = artifacts.find(({ reference }) => reference === name)
  if (taken)
    throw new SealiftError(
      'BUILD_SOURCE',
      `${options.source}: ${taken.role} ${taken.name} has the name of the release`,
      {
        why: `registries keep the release as ${name}`,
        fix: 'give the release a repository of its own, for example reference: registry.example/cde/release',
      },
    )
  const index = toJson({
    schemaVersion: 2,
    mediaType: mediaTypes.index,
    manifests: artifacts.map(indexEntry),
    annotations: { [annotations.title]: `${source.name} ${source.version}` },
  })
  const signature = signMessage(index, options.signingKey, options.passphrase)

  const from = firstOf(made, local, downloads, ...sources.stores(), registry)
  const roots = artifacts.map(({ descriptor, reference }) => ({ descriptor, source: reference, target: reference }))
  const graph = await readGraph(from, roots, { ...(signal ? { signal } : {}) })
  await readBack({ index, signature }, options, from, graph)
  const writer = await writeBundle(options.out, graph, index, signature)
  try {
    options.onStep?.('Sealing')
    const { sent } = await copyGraph(old ? firstOf(made, local, old, from) : from, writer, graph, {
      ...(signal ? { signal } : {}),
      onProgress: ({ done, total }) => options.onProgress?.(done, total),
    })
    await writer.finish()
    const { size, resumed } = writer
    const reused = old?.bytesRead ?? 0
    const fetched = sent - reused
    return { path: options.out, size, release, fetched, reused, resumed, referrers: referrers.length, warnings }
  } catch (error) {
    await writer.close()
    throw error
  }
}

/** What the release manifest says of an image. */
function releaseImage(
  { name, role, why }: ReleaseSource['images'][number],
  { image, original }: ResolvedImage,
): Release['images'][number] {
  return {
    name,
    reference: image.reference,
    digest: image.descriptor.digest,
    ...(original ? { original: original.descriptor.digest } : {}),
    role,
    ...(why === undefined ? {} : { why }),
  }
}

/** Two images of one repository may share what belongs to them: it has one name. */
function distinct(artifacts: readonly Artifact[]): Artifact[] {
  const seen = new Set<string>()
  return artifacts.filter(({ role, reference }) => {
    const again = seen.has(reference) && (role === 'original' || role === 'referrer')
    seen.add(reference)
    return !again
  })
}

function chartAs(made: MemoryStore, chart: Chart, source: ReleaseSource): Artifact {
  const layer = made.put(chart.archive, mediaTypes.helmChart)
  const config = made.put(toJson(chart.metadata), mediaTypes.helmConfig)
  return artifactAs(
    'chart',
    chart.name,
    `${source.chart.reference}:${versionTag(chart.version)}`,
    makeArtifact(made, layer, { config }),
  )
}
