import Type, { type Static } from 'typebox'
import { record } from '../audit.ts'
import { authorize, callerOf, reach } from '../authorization.ts'
import { transaction } from '../database.ts'
import type { Dependencies } from '../dependencies.ts'
import { ApiError } from '../errors.ts'
import { cutPage, NameFilter, pageOf, pageQuery, printable } from '../paging.ts'
import { hashPassword } from '../passwords.ts'
import { type SiteRole, siteRoles } from '../permissions.ts'
import type { TypedInstance } from '../schema-types.ts'
import { changeUser } from '../users/change.ts'
import { changePassword, newPasswordHash } from '../users/password-change.ts'
import { createUser, findUser, listUsers, type User } from '../users/store.ts'
import { ErrorAnswer, IdParams, oneOf } from './schemas.ts'

const answers = { '4xx': ErrorAnswer }
const Password = Type.String({ minLength: 10, maxLength: 256 })
const FullUser = Type.Object({
  id: Type.String(),
  username: Type.String(),
  role: oneOf(siteRoles),
  active: Type.Boolean(),
  createdAt: Type.String({ format: 'date-time' }),
})
const show = ({ id, username, role, active, createdAt }: User): Static<typeof FullUser> => ({
  id,
  username,
  role,
  active,
  createdAt: createdAt.toISOString(),
})

/** People who may log in: adding, listing, roles, deactivating, passwords. */
export function userRoutes(app: TypedInstance, { database, reconciler, clock }: Dependencies): void {
  const target = async (id: string) => {
    const user = await findUser(database, id)
    return user && { ...user, ownerId: user.id }
  }
  const otherwise = (id: string) => ({
    read: 'users:read' as const,
    unknown: new ApiError(404, 'USER_UNKNOWN', `there is no user ${id}`),
  })
  /** Who manages users must not become a site admin by way of one: roles above member are a site admin's matter. */
  const assertMayManage = (caller: { role: SiteRole }, ...roles: (SiteRole | undefined)[]): void => {
    if (caller.role === 'site-admin' || roles.every((role) => role === undefined || role === 'site-member')) return
    throw new ApiError(403, 'AUTH_FORBIDDEN', 'roles above site-member are given and taken by a site admin')
  }

  app.get(
    '/api/v0/users',
    {
      config: { permission: 'users:read' },
      schema: {
        querystring: pageQuery(printable, { name: NameFilter }),
        response: { 200: Type.Array(FullUser), ...answers },
      },
    },
    async (request, reply) => {
      const page = pageOf(request.query)
      if (reach(request, 'users:read').all) {
        const rows = await listUsers(database, page, request.query.name)
        return cutPage(request, reply, { rows, page, cursorOf: ({ username }) => username }).map(show)
      }
      const self = await findUser(database, callerOf(request).id)
      return self === undefined ? [] : [show(self)]
    },
  )

  app.post(
    '/api/v0/users',
    {
      config: { permission: 'users:write', audit: 'user.create' },
      schema: {
        body: Type.Object(
          {
            username: Type.String({ pattern: '^[A-Za-z0-9]([A-Za-z0-9._-]{0,30}[A-Za-z0-9])?$' }),
            password: Password,
            role: Type.Optional(oneOf(siteRoles)),
          },
          { additionalProperties: false },
        ),
        response: { 201: FullUser, ...answers },
      },
    },
    async (request, reply) => {
      const { username, password, role = 'site-member' } = request.body
      assertMayManage(callerOf(request), role)
      const passwordHash = await hashPassword(password)
      const user = await transaction(database, async (client) => {
        const created = await createUser(client, { username, passwordHash, role })
        const note = { target: { type: 'user', id: created.id, name: created.username }, details: { role } }
        await record(client, request, note, clock())
        return created
      })
      return reply.code(201).header('location', `/api/v0/users/${user.id}`).send(show(user))
    },
  )

  app.get(
    '/api/v0/users/:id',
    { config: { permission: 'users:read' }, schema: { params: IdParams, response: { 200: FullUser, ...answers } } },
    async (request) => show(authorize(request, await target(request.params.id), otherwise(request.params.id))),
  )

  app.patch(
    '/api/v0/users/:id',
    {
      config: { permission: 'users:write', audit: 'user.change' },
      schema: {
        params: IdParams,
        body: Type.Object(
          { role: Type.Optional(oneOf(siteRoles)), active: Type.Optional(Type.Boolean()) },
          { additionalProperties: false, minProperties: 1 },
        ),
        response: { 200: FullUser, ...answers },
      },
    },
    async (request) => {
      const { id } = request.params
      const user = authorize(request, await target(id), otherwise(id))
      assertMayManage(callerOf(request), user.role, request.body.role)
      await transaction(database, async (client) => {
        await changeUser(client, id, request.body, clock())
        const note = { target: { type: 'user', id, name: user.username }, details: { ...request.body } }
        await record(client, request, note, clock())
      })
      if (request.body.active === false) reconciler.wake()
      return show((await findUser(database, id)) as User)
    },
  )

  app.put(
    '/api/v0/users/:id/password',
    {
      config: { permission: 'users:password', license: 'exempt', audit: 'user.password' },
      schema: {
        params: IdParams,
        body: Type.Object(
          { password: Password, current: Type.Optional(Type.String({ maxLength: 256 })) },
          { additionalProperties: false },
        ),
        response: { 204: Type.Null(), ...answers },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const caller = callerOf(request)
      const user = authorize(request, await target(id), otherwise(id))
      if (caller.id !== id) assertMayManage(caller, user.role)
      const { password, current } = request.body
      const hash = await newPasswordHash(caller, user, { password, current })
      await transaction(database, async (client) => {
        await changePassword(client, caller, user, hash)
        await record(client, request, { target: { type: 'user', id, name: user.username } }, clock())
      })
      return reply.code(204).send(null)
    },
  )
}
