import type { RenderedReference } from './image-references.ts'
import { type ImageName, parseImageName } from './reference.ts'

/** An image that the release pins. `why` explains one that no chart renders: a workspace image that the manager starts. */
export interface PinnedImage {
  name: string
  reference: string
  digest: string
  /** the digest that the vendor published, where fewer platforms are delivered: a chart may pin that one */
  original?: string | undefined
  role: 'component' | 'workspace'
  why?: string | undefined
}

/** A rendered reference that the release does not carry, and why it does not count as one that it does. */
export interface Uncovered extends RenderedReference {
  why: string
}

export interface Coverage {
  /** rendered, but not pinned by the release: the site could not pull it */
  uncovered: Uncovered[]
  /** pinned, but neither rendered nor declared with a reason: nobody would notice it going missing */
  unexplained: PinnedImage[]
}

/**
 * The proof at build: each image that the chart renders, under the vendor's own names, is pinned in the release, and each
 * pinned image is explained by a rendered reference or, for a workspace image, by a stated reason.
 */
export function proveCoverage(rendered: readonly RenderedReference[], images: readonly PinnedImage[]): Coverage {
  const pinned = images.map((image) => ({ image, name: parseImageName(image.reference) }))
  const used = new Set<PinnedImage>()
  const uncovered: Uncovered[] = []
  for (const item of rendered) {
    const name = parseImageName(item.reference)
    const ofRepository = pinned.filter((p) => name !== undefined && p.name?.repository === name.repository)
    const match = ofRepository.find((p) => name !== undefined && p.name !== undefined && same(name, p.name, p.image))
    if (match) used.add(match.image)
    else uncovered.push({ ...item, why: whyNot(name, ofRepository[0]?.image) })
  }
  const explained = (image: PinnedImage) => used.has(image) || (image.role === 'workspace' && !!image.why?.trim())
  return { uncovered, unexplained: images.filter((image) => !explained(image)) }
}

/**
 * The proof at install: with the site's own values the chart names only images of the bundle, at the site's registry, by
 * digest. `repositoryOf` says under which repository the site has an image of the release.
 */
export function proveAtSite(
  rendered: readonly RenderedReference[],
  images: readonly PinnedImage[],
  repositoryOf: (image: PinnedImage) => string,
): Uncovered[] {
  return rendered.flatMap((item) => {
    const name = parseImageName(item.reference)
    if (name?.digest === undefined)
      return [{ ...item, why: name ? 'it is named without a digest' : 'it is not an image reference' }]
    const ofDigest = images.filter((image) => image.digest === name.digest)
    if (ofDigest.length === 0) return [{ ...item, why: 'no image of the release has this digest' }]
    if (ofDigest.some((image) => repositoryOf(image) === name.repository)) return []
    return [{ ...item, why: `the site has this image at ${repositoryOf(ofDigest[0] as PinnedImage)}` }]
  })
}

/** Runtimes pull by digest where there is one and ignore the tag; without a tag they take `latest`. */
const same = (name: ImageName, pinned: ImageName, image: PinnedImage): boolean =>
  name.digest === undefined
    ? (name.tag ?? 'latest') === (pinned.tag ?? 'latest')
    : name.digest === image.digest || name.digest === image.original

function whyNot(name: ImageName | undefined, sameRepository: PinnedImage | undefined): string {
  if (name === undefined) return 'it is not an image reference'
  if (sameRepository === undefined) return `the release pins no image of ${name.repository}`
  return `the release pins ${sameRepository.reference}@${sameRepository.digest}`
}
