import type { Queryable } from '../database.ts'
import { ApiError } from '../errors.ts'
import type { Size } from '../organizations/quota.ts'
import { findImage, type Image, imageByReference, releaseImage } from './store.ts'

/** An image and tag for a workspace; `reference` is what Kubernetes pulls. */
export type Chosen = { image: Image; tag: string; reference: string }

/** The full reference of a tag, or undefined when the image has no such tag. */
export function referenceOf(image: Image, tag: string): string | undefined {
  const found = image.tags.find((one) => one.tag === tag)
  return found && `${image.host}/${image.repository}${found.suffix}`
}

/**
 * The image that someone asks for by id or by full reference, with a tag or its default one; without a wish the release's.
 * @throws ApiError 422 WORKSPACE_IMAGE, 422 WORKSPACE_TAG
 */
export async function chooseImage(
  database: Queryable,
  wish: { image: string | undefined; tag: string | undefined },
): Promise<Chosen> {
  if (wish.image?.includes('/') === true) return await byReference(database, wish.image)
  const image = wish.image === undefined ? await releaseImage(database) : await findImage(database, wish.image)
  if (image === undefined) throw unknownImage()
  if (image.deprecated) throw new ApiError(422, 'WORKSPACE_IMAGE', `the image ${image.name} is deprecated`)
  const tag = wish.tag ?? image.defaultTag
  const reference = referenceOf(image, tag)
  if (reference === undefined)
    throw new ApiError(422, 'WORKSPACE_TAG', `the image ${image.name} has no tag ${tag}`, {
      fix: `use one of ${image.tags.map((one) => one.tag).join(', ')}`,
    })
  return { image, tag, reference }
}

async function byReference(database: Queryable, reference: string): Promise<Chosen> {
  const image = await imageByReference(database, reference)
  const tag = image?.tags.find((one) => referenceOf(image, one.tag) === reference)?.tag
  if (image === undefined || tag === undefined) throw unknownImage()
  return { image, tag, reference }
}

const unknownImage = () =>
  new ApiError(422, 'WORKSPACE_IMAGE', 'this site has no such workspace image', {
    fix: 'leave image out, or choose one of GET /api/v0/images',
  })

/** @throws ApiError 422 WORKSPACE_TOO_LARGE when the image does not allow a workspace of this size */
export function assertImageAllows(image: Image, size: Size): void {
  for (const [what, limit, wanted, unit] of [
    ['cores', image.maxCpuMilli, size.cpuMilli, 1000],
    ['GiB of memory', image.maxMemoryGiB, size.memoryGiB, 1],
    ['GiB of disk', image.maxDiskGiB, size.diskGiB, 1],
    ['GPUs', image.maxGpus, size.gpus, 1],
  ] as const)
    if (limit !== null && wanted > limit)
      throw new ApiError(
        422,
        'WORKSPACE_TOO_LARGE',
        `a workspace of the image ${image.name} may have ${limit / unit} ${what}`,
      )
}
