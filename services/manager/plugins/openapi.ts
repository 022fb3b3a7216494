import swagger from '@fastify/swagger'
import fp from 'fastify-plugin'
import Type from 'typebox'
import { grantOf } from '../permissions.ts'
import { ErrorAnswer } from '../routes/schemas.ts'

/**
 * `/api/v0/openapi.json`: OpenAPI 3.1, made of the routes' own schemas, with the permission of each route. Routes that
 * are no business of a browser or a script (probes, metrics, calls of the envproxy) are left out.
 */
export default fp(async (app) => {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'CDE manager',
        version: 'v0',
        description:
          'Users, organizations, images and workspaces. Every failing answer is {code, message, why?, fix?}. Long lists ' +
          'come in pages: where there is more, the header `Link: <path>; rel="next"` (RFC 8288) leads to it.',
      },
      components: {
        securitySchemes: {
          session: { type: 'apiKey', in: 'cookie', name: '__Host-session_token' },
          token: { type: 'apiKey', in: 'header', name: 'Session-Token' },
          key: { type: 'http', scheme: 'bearer', description: 'an API key' },
        },
      },
    },
    transform({ schema, url, route }) {
      const { permission = 'anyone' } = route.config ?? {}
      const { site, organization, owner } = grantOf(permission)
      const hidden = permission === 'internal' || !/^\/(api|auth)\//.test(url)
      const open = permission === 'anyone'
      return {
        url,
        schema: {
          ...schema,
          // what any route may answer; a route that can say more of it does
          response: { '4xx': ErrorAnswer, '5xx': ErrorAnswer, ...(schema?.response as object | undefined) },
          hide: hidden,
          tags: [url.split('/')[url.startsWith('/api/') ? 3 : 1] ?? 'api'],
          security: open ? [] : [{ session: [] }, { token: [] }, { key: [] }],
          'x-permission': permission,
          ...(open
            ? {}
            : { 'x-roles': [...(site ?? []), ...(organization ?? []), ...(owner === true ? ['owner'] : [])] }),
        },
      }
    },
  })
  app.get(
    '/api/v0/openapi.json',
    { config: { permission: 'anyone', license: 'exempt' }, schema: { response: { 200: Type.Unsafe({}) } } },
    async () => app.swagger(),
  )
})
