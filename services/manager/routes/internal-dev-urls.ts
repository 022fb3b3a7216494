import Type from 'typebox'
import { credentialPattern } from '../credential.ts'
import type { Dependencies } from '../dependencies.ts'
import { devUrlAt } from '../dev-urls/at-label.ts'
import { mayVisit } from '../dev-urls/visitors.ts'
import { ApiError } from '../errors.ts'
import type { TypedInstance } from '../schema-types.ts'
import { Label } from './dev-url-schemas.ts'
import { ErrorAnswer, Identifier } from './schemas.ts'

/** What the envproxy asks about dev URLs: where one leads, and whether a visitor may (still) open it. */
export function internalDevUrlRoutes(app: TypedInstance, { database, tickets, clock }: Dependencies): void {
  app.get(
    '/internal/dev-urls/:label',
    {
      config: { permission: 'internal' },
      logLevel: 'warn',
      schema: {
        params: Type.Object({ label: Label }, { additionalProperties: false }),
        querystring: Type.Object(
          {
            user: Type.Optional(Identifier),
            credential: Type.Optional(Type.String({ pattern: credentialPattern })),
          },
          { additionalProperties: false },
        ),
        response: {
          200: Type.Object({
            id: Type.String(),
            workspace: Type.String(),
            port: Type.Integer(),
            access: Type.String(),
            grant: Type.Optional(Type.String()),
          }),
          '4xx': ErrorAnswer,
        },
      },
    },
    async (request) => {
      const { user, credential = '' } = request.query
      const found = await devUrlAt(database, request.params.label)
      if (found === undefined) throw new ApiError(404, 'DEV_URL_UNKNOWN', 'there is no such dev URL')
      if (user !== undefined && !(await mayVisit(database, found, { user, credential }, clock())))
        throw new ApiError(403, 'ACCESS_ENDED', 'this user may not open this dev URL')
      const { id, workspaceId: workspace, port, access } = found
      const grant = user === undefined ? undefined : await tickets.signGrant({ user, workspace, port }, clock())
      return { id, workspace, port, access, ...(grant === undefined ? {} : { grant }) }
    },
  )
}
