import type { FastifyRequest } from 'fastify'
import Type, { type Static } from 'typebox'
import { record } from '../audit.ts'
import { assertCovers, callerOf } from '../authorization.ts'
import { type Queryable, transaction } from '../database.ts'
import type { Dependencies } from '../dependencies.ts'
import { ApiError } from '../errors.ts'
import { referenceOf } from '../images/choose.ts'
import { findRegistry } from '../images/registries.ts'
import {
  changeImage,
  createImage,
  deleteImage,
  findImage,
  type Image,
  imageCursor,
  listImages,
  runnersOf,
} from '../images/store.ts'
import { cutPage, pageOf, pageQuery } from '../paging.ts'
import type { TypedInstance } from '../schema-types.ts'
import { ImageAnswer, ImageChange, ImageRequest, sizesOf } from './image-schemas.ts'
import { ErrorAnswer, IdParams } from './schemas.ts'

const answers = { '4xx': ErrorAnswer }
const write = 'images:write'

export function showImage(image: Image): Static<typeof ImageAnswer> {
  return {
    id: image.id,
    name: image.name,
    registry: image.registryId,
    repository: `${image.host}/${image.repository}`,
    releaseImage: image.releaseImage,
    deprecated: image.deprecated,
    defaultTag: image.defaultTag,
    tags: image.tags.map(({ tag }) => ({ tag, reference: referenceOf(image, tag) ?? '' })),
    sizes: {
      cpu: image.defaultCpuMilli / 1000,
      memoryGiB: image.defaultMemoryGiB,
      diskGiB: image.defaultDiskGiB,
      maxCpu: image.maxCpuMilli === null ? null : image.maxCpuMilli / 1000,
      maxMemoryGiB: image.maxMemoryGiB,
      maxDiskGiB: image.maxDiskGiB,
      gpus: image.defaultGpus,
      maxGpus: image.maxGpus,
    },
  }
}

/** @throws ApiError 404 IMAGE_UNKNOWN */
export async function knownImage(database: Queryable, id: string): Promise<Image> {
  const image = await findImage(database, id)
  if (image === undefined) throw new ApiError(404, 'IMAGE_UNKNOWN', `there is no image ${id}`)
  return image
}

/**
 * An image that the caller may change: a tag decides what its workspaces run from the next rebuild on.
 * @throws ApiError 404 IMAGE_UNKNOWN, 403 AUTH_FORBIDDEN where someone runs it who may do more than the caller
 */
export async function imageToChange(database: Queryable, request: FastifyRequest, id: string): Promise<Image> {
  const image = await knownImage(database, id)
  assertCovers(callerOf(request), await runnersOf(database, image))
  return image
}

/** The images that workspaces can be made of. */
export function imageRoutes(app: TypedInstance, { database, clock }: Dependencies): void {
  const known = (id: string) => knownImage(database, id)

  app.get(
    '/api/v0/images',
    {
      config: { permission: 'images:read' },
      schema: {
        querystring: pageQuery('^[01][ -~]{0,128}$', {}),
        response: { 200: Type.Array(ImageAnswer), ...answers },
      },
    },
    async (request, reply) => {
      const page = pageOf(request.query)
      const rows = await listImages(database, page)
      return cutPage(request, reply, { rows, page, cursorOf: imageCursor }).map(showImage)
    },
  )

  app.post(
    '/api/v0/images',
    {
      config: { permission: write, audit: 'image.create' },
      schema: { body: ImageRequest, response: { 201: ImageAnswer, ...answers } },
    },
    async (request, reply) => {
      const { name, registry, repository, tag, digest } = request.body
      if ((await findRegistry(database, registry)) === undefined)
        throw new ApiError(422, 'REGISTRY_UNKNOWN', `there is no registry ${registry}`)
      const suffix = `:${tag}${digest === undefined ? '' : `@${digest}`}`
      const id = await transaction(database, async (client) => {
        const made = await createImage(client, { name, registryId: registry, repository, tag, suffix })
        const details = { registry, repository, tag, digest: digest ?? null }
        await record(client, request, { target: { type: 'image', id: made, name }, details }, clock())
        return made
      })
      return reply
        .code(201)
        .header('location', `/api/v0/images/${id}`)
        .send(showImage(await known(id)))
    },
  )

  app.get(
    '/api/v0/images/:id',
    { config: { permission: 'images:read' }, schema: { params: IdParams, response: { 200: ImageAnswer, ...answers } } },
    async (request) => showImage(await known(request.params.id)),
  )

  app.patch(
    '/api/v0/images/:id',
    {
      config: { permission: write, audit: 'image.change' },
      schema: { params: IdParams, body: ImageChange, response: { 200: ImageAnswer, ...answers } },
    },
    async (request) => {
      const { id } = request.params
      const image = await imageToChange(database, request, id)
      const { sizes, ...rest } = request.body
      if (rest.defaultTag !== undefined && referenceOf(image, rest.defaultTag) === undefined)
        throw new ApiError(422, 'IMAGE_TAG_UNKNOWN', `${image.name} has no tag ${rest.defaultTag}`)
      const change = { ...rest, ...sizesOf(sizes) }
      await transaction(database, async (client) => {
        await changeImage(client, id, change)
        await record(client, request, { target: { type: 'image', id, name: image.name }, details: change }, clock())
      })
      return showImage(await known(id))
    },
  )

  app.delete(
    '/api/v0/images/:id',
    {
      config: { permission: write, audit: 'image.delete' },
      schema: { params: IdParams, response: { 204: Type.Null(), ...answers } },
    },
    async (request, reply) => {
      const { id, name, releaseImage } = await known(request.params.id)
      if (releaseImage) throw new ApiError(409, 'IMAGE_IN_USE', 'the image of the installed release stays')
      await imageToChange(database, request, id)
      await transaction(database, async (client) => {
        await deleteImage(client, id)
        await record(client, request, { target: { type: 'image', id, name } }, clock())
      })
      return reply.code(204).send(null)
    },
  )
}
