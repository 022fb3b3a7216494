import Type, { type Static } from 'typebox'
import { record } from '../audit.ts'
import { assertLoggedIn, assertMayAppoint, authorize, callerOf, reach } from '../authorization.ts'
import { transaction } from '../database.ts'
import type { Dependencies } from '../dependencies.ts'
import { ApiError } from '../errors.ts'
import { cutPage, NameFilter, pageOf, pageQuery, printable } from '../paging.ts'
import { hashPassword } from '../passwords.ts'
import { siteRoles } from '../permissions.ts'
import type { TypedInstance } from '../schema-types.ts'
import { changeUser } from '../users/change.ts'
import { changePassword, newPasswordHash } from '../users/password-change.ts'
import { createUser, findUser, listUsers, type User } from '../users/store.ts'
import { userTarget } from '../users/target.ts'
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
  const target = (id: string) => userTarget(database, id)
  const otherwise = (id: string) => ({
    read: 'users:read' as const,
    unknown: new ApiError(404, 'USER_UNKNOWN', `there is no user ${id}`),
  })

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
            password: Type.Optional(Password),
            role: Type.Optional(oneOf(siteRoles)),
          },
          { additionalProperties: false },
        ),
        response: { 201: FullUser, ...answers },
      },
    },
    async (request, reply) => {
      const { username, password, role = 'site-member' } = request.body
      const caller = callerOf(request)
      assertMayAppoint(caller, role)
      // who knows the password can log in, and so do more than a key's scopes say, for longer than the key lasts
      if (password !== undefined) assertLoggedIn(caller)
      const passwordHash = password === undefined ? undefined : await hashPassword(password)
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
      const { role, active } = request.body
      const caller = callerOf(request)
      assertMayAppoint(caller, user.role, role)
      // a key may only take away
      if (role !== undefined || active === true) assertLoggedIn(caller)
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
      if (caller.id !== id) assertMayAppoint(caller, user.role)
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
