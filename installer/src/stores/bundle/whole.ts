import type { Descriptor } from '@sealift/bundle-spec/descriptor.ts'
import { type Named, namedBy } from '@sealift/bundle-spec/document.ts'
import { type Graph, repositoryOf } from '@sealift/bundle-spec/graph.ts'
import { platformNames, platformsOfImage } from '@sealift/bundle-spec/image-platforms.ts'
import { parseJson } from '@sealift/bundle-spec/json.ts'
import { kindFault } from '@sealift/bundle-spec/kinds.ts'
import { lackingPlatform } from '@sealift/bundle-spec/platform.ts'
import type { Release } from '@sealift/bundle-spec/release.ts'
import { versionTag } from '@sealift/bundle-spec/release-name.ts'
import { readDocument } from '@sealift/bundle-spec/verify.ts'
import { taggedSubject } from '../referrers.ts'
import { type Artifact, type SignedRelease, unfit } from '../signed-release.ts'
import { checkOriginals } from './originals.ts'

/** One document of a release, and the artifacts that are it. */
interface Document {
  artifacts: readonly Artifact[]
  bytes: Uint8Array
  named: Named
  /** reads a configuration, proven */
  read(config: Descriptor): Promise<Uint8Array>
}

/**
 * The one function that compares a release with its content, in a bundle and in a registry (SPEC.md, "What whole means"):
 * each artifact is what its role says, images are for the platforms of the release, what refers to something refers to what
 * is there, and originals give what is delivered. With its index the release was compared when `readRelease` read it. No
 * layer is read, but the configurations of images for one platform and of the chart are.
 * @param release as `readRelease` gives it
 * @param graph of all that is there; a registry may lack originals
 * @throws SealiftError BUNDLE_RELEASE, BUNDLE_PLATFORM, BUNDLE_JSON, and what reading throws
 */
export async function checkWhole(
  signed: SignedRelease,
  release: Release,
  graph: Graph,
  signal?: AbortSignal,
): Promise<void> {
  const nodes = new Map(graph.nodes.map((node) => [node.descriptor.digest, node]))
  const known = new Set([...nodes.keys(), ...signed.artifacts.map(({ descriptor }) => descriptor.digest)])
  // by digest: however many artifacts a document is, it is read once
  for (const [digest, artifacts] of Map.groupBy(signed.artifacts, ({ descriptor }) => descriptor.digest)) {
    const node = nodes.get(digest)
    const [first] = artifacts
    if (!node || !first) continue
    const { bytes } = node
    const named = bytes && namedBy(first.descriptor, bytes)
    for (const artifact of artifacts) {
      const why = kindFault(artifact, named)
      if (why !== undefined) throw unfit(signed, artifact, why)
    }
    if (!bytes || !named) continue
    const read = (config: Descriptor) =>
      readDocument(
        config,
        () => signed.store.open(repositoryOf(first.reference), config, undefined, signal),
        signed.store.origin,
      )
    const document = { artifacts, bytes, named, read }
    const fault =
      (await platformFault(document, release)) ?? (await chartFault(document)) ?? subjectFault(document, known)
    if (fault) throw unfit(signed, ...fault)
  }
  checkOriginals(signed, nodes, release)
}

type Fault = [artifact: Artifact, why: string]

/** An image is for all platforms of the release, as far as it says what it is for. */
async function platformFault({ artifacts, bytes, read }: Document, release: Release): Promise<Fault | undefined> {
  const image = artifacts.find(({ role }) => role === 'image')
  const has = image && (await platformsOfImage(image.descriptor, bytes, read))
  if (!image || !has || lackingPlatform(has, release.platforms) === undefined) return undefined
  return [image, `it is for ${platformNames(has)}, and the release is for ${release.platforms.join(', ')}`]
}

/** The chart is called as its own description says, and has that version. */
async function chartFault({ artifacts, named, read }: Document): Promise<Fault | undefined> {
  const chart = artifacts.find(({ role }) => role === 'chart')
  const [config] = named.children
  if (!chart || !config) return undefined
  const { name, version } = (parseJson(await read(config), 'the description of the chart') ?? {}) as Record<
    string,
    unknown
  >
  const tag = chart.reference.slice(repositoryOf(chart.reference).length)
  if (name === chart.name && typeof version === 'string' && tag === `:${versionTag(version)}`) return undefined
  return [chart, `it is there as ${chart.reference}, and its description says ${name} ${version}`]
}

/** What refers to something, by its subject or by its tag, refers to what is there. */
function subjectFault({ artifacts, named }: Document, known: ReadonlySet<string>): Fault | undefined {
  const referrers = artifacts.filter(({ role }) => role === 'referrer')
  for (const referrer of referrers) {
    const about = [named.subject?.digest, taggedSubject(referrer.reference)].filter((digest) => digest !== undefined)
    if (about.some((digest) => known.has(digest))) continue
    return [
      referrer,
      about.length === 0 ? 'it is about nothing' : `it is about ${about.join(', ')}, which is not there`,
    ]
  }
  return undefined
}
