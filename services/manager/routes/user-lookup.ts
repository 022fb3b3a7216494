import Type from 'typebox'
import { callerOf, reach } from '../authorization.ts'
import type { Dependencies } from '../dependencies.ts'
import { ApiError } from '../errors.ts'
import { countLookup } from '../login-limits.ts'
import { printable } from '../paging.ts'
import type { TypedInstance } from '../schema-types.ts'
import { findUserByName } from '../users/store.ts'
import { ErrorAnswer } from './schemas.ts'

/**
 * Finds one active user by the exact login name, for whoever adds members to an organization but may not see all users.
 * Each look is counted, and who is deactivated is as unknown as who never was: nothing is learned but what was known.
 */
export function userLookupRoutes(app: TypedInstance, { database, clock }: Dependencies): void {
  app.get(
    '/api/v0/users/lookup',
    {
      config: { permission: 'users:lookup' },
      schema: {
        querystring: Type.Object(
          { username: Type.String({ pattern: printable, description: 'the whole name' }) },
          { additionalProperties: false },
        ),
        response: { 200: Type.Object({ id: Type.String(), username: Type.String() }), '4xx': ErrorAnswer },
      },
    },
    async (request) => {
      // an admin of any organization may ask, whom for is decided when the member is added
      reach(request, 'users:lookup')
      await countLookup(database, callerOf(request).id, clock())
      const { username: name } = request.query
      const user = await findUserByName(database, name)
      if (user?.active !== true) throw new ApiError(404, 'USER_UNKNOWN', `there is no active user ${name}`)
      return { id: user.id, username: user.username }
    },
  )
}
