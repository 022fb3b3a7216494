import Type from 'typebox'
import { record } from '../audit.ts'
import { authorize, reach } from '../authorization.ts'
import { transaction } from '../database.ts'
import type { Dependencies } from '../dependencies.ts'
import { addDevUrl, deleteDevUrl, findDevUrl, listDevUrls, setAccess } from '../dev-urls/store.ts'
import { ApiError } from '../errors.ts'
import { cutPage, pageOf, pageQuery, printable } from '../paging.ts'
import type { TypedInstance } from '../schema-types.ts'
import { findWorkspace } from '../workspaces/store.ts'
import { DevUrlAnswer, DevUrlChange, DevUrlRequest, showDevUrl } from './dev-url-schemas.ts'
import { ErrorAnswer, Identifier, IdParams, nullable } from './schemas.ts'
import { noWorkspace } from './workspaces.ts'

const answers = { '4xx': ErrorAnswer }
const noDevUrl = (id: string) => ({
  read: 'dev-urls:read' as const,
  unknown: new ApiError(404, 'DEV_URL_UNKNOWN', `there is no dev URL ${id}`),
})

/** Host names for ports of workspaces: listing, adding, changing who may open them, removing. */
export function devUrlRoutes(app: TypedInstance, dependencies: Dependencies): void {
  const { database, devUrlsHost, clock } = dependencies
  app.get(
    '/api/v0/dev-urls',
    {
      config: { permission: 'dev-urls:read' },
      schema: {
        querystring: pageQuery(printable, { workspace: Type.Optional(Identifier) }),
        response: {
          200: Type.Object({ host: nullable(Type.String()), devUrls: Type.Array(DevUrlAnswer) }),
          ...answers,
        },
      },
    },
    async (request, reply) => {
      const page = pageOf(request.query)
      const rows = await listDevUrls(database, reach(request, 'dev-urls:read'), page, request.query.workspace)
      const found = cutPage(request, reply, { rows, page, cursorOf: ({ label }) => label })
      return { host: devUrlsHost ?? null, devUrls: found.map((one) => showDevUrl(one, dependencies)) }
    },
  )

  app.post(
    '/api/v0/dev-urls',
    {
      config: { permission: 'dev-urls:write', audit: 'dev-url.add' },
      schema: { body: DevUrlRequest, response: { 201: DevUrlAnswer, ...answers } },
    },
    async (request, reply) => {
      const { workspace: id, port, access = 'private' } = request.body
      const workspace = authorize(request, await findWorkspace(database, id), noWorkspace(id))
      if (devUrlsHost === undefined)
        throw new ApiError(409, 'DEV_URLS_OFF', 'this site has no host for dev URLs', {
          fix: 'ask an administrator to set devurls.host',
        })
      const added = await transaction(database, async (client) => {
        const made = await addDevUrl(client, workspace, { port, access }, clock())
        const target = { type: 'dev-url', id: made.id, name: made.label }
        await record(client, request, { target, details: { workspace: id, port, access } }, clock())
        return made
      })
      return reply.code(201).send(showDevUrl(added, dependencies))
    },
  )

  app.patch(
    '/api/v0/dev-urls/:id',
    {
      config: { permission: 'dev-urls:write', audit: 'dev-url.change' },
      schema: { params: IdParams, body: DevUrlChange, response: { 200: DevUrlAnswer, ...answers } },
    },
    async (request) => {
      const { id } = request.params
      const { access } = request.body
      const found = authorize(request, await findDevUrl(database, id), noDevUrl(id))
      await transaction(database, async (client) => {
        await setAccess(client, id, access)
        const target = { type: 'dev-url', id, name: found.label }
        await record(client, request, { target, details: { from: found.access, access } }, clock())
      })
      return showDevUrl({ ...found, access }, dependencies)
    },
  )

  app.delete(
    '/api/v0/dev-urls/:id',
    {
      config: { permission: 'dev-urls:remove', audit: 'dev-url.remove' },
      schema: { params: IdParams, response: { 204: Type.Null(), ...answers } },
    },
    async (request, reply) => {
      const { id } = request.params
      const found = authorize(request, await findDevUrl(database, id), noDevUrl(id))
      await transaction(database, async (client) => {
        await deleteDevUrl(client, id)
        await record(client, request, { target: { type: 'dev-url', id, name: found.label } }, clock())
      })
      return reply.code(204).send(null)
    },
  )
}
