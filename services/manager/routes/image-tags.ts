import Type from 'typebox'
import { record } from '../audit.ts'
import { transaction } from '../database.ts'
import type { Dependencies } from '../dependencies.ts'
import { ApiError } from '../errors.ts'
import { putTag, removeTag } from '../images/store.ts'
import type { TypedInstance } from '../schema-types.ts'
import { Digest, ImageAnswer, Tag } from './image-schemas.ts'
import { imageToChange, knownImage, showImage } from './images.ts'
import { ErrorAnswer, Identifier } from './schemas.ts'

const answers = { '4xx': ErrorAnswer }
const TagParams = Type.Object({ id: Identifier, tag: Tag }, { additionalProperties: false })

/** Tags of an image: with a digest, a tag means the same bytes for ever. */
export function imageTagRoutes(app: TypedInstance, { database, clock }: Dependencies): void {
  app.put(
    '/api/v0/images/:id/tags/:tag',
    {
      config: { permission: 'images:write', audit: 'image.tag' },
      schema: {
        params: TagParams,
        body: Type.Object({ digest: Type.Optional(Digest) }, { additionalProperties: false }),
        response: { 200: ImageAnswer, ...answers },
      },
    },
    async (request) => {
      const { id, tag } = request.params
      const { digest } = request.body
      const image = await imageToChange(database, request, id)
      await transaction(database, async (client) => {
        await putTag(client, id, tag, `:${tag}${digest === undefined ? '' : `@${digest}`}`)
        const details = { tag, digest: digest ?? null }
        await record(client, request, { target: { type: 'image', id, name: image.name }, details }, clock())
      })
      return showImage(await knownImage(database, id))
    },
  )

  app.delete(
    '/api/v0/images/:id/tags/:tag',
    {
      config: { permission: 'images:write', audit: 'image.untag' },
      schema: { params: TagParams, response: { 204: Type.Null(), ...answers } },
    },
    async (request, reply) => {
      const { id, tag } = request.params
      const image = await imageToChange(database, request, id)
      if (tag === image.defaultTag)
        throw new ApiError(409, 'IMAGE_TAG_DEFAULT', `${tag} is the default tag`, {
          fix: 'choose another default first',
        })
      await transaction(database, async (client) => {
        if (!(await removeTag(client, id, tag)))
          throw new ApiError(404, 'IMAGE_TAG_UNKNOWN', `${image.name} has no tag ${tag}`)
        await record(client, request, { target: { type: 'image', id, name: image.name }, details: { tag } }, clock())
      })
      return reply.code(204).send(null)
    },
  )
}
