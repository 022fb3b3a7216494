import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Grant, grantOf, type Permission, permissions, siteRoles } from '../../../services/manager/permissions.ts'
import { type Postgres, startPostgres } from '../postgres.ts'
import { newSite } from './site.ts'

let postgres: Postgres
before(async () => {
  postgres = await startPostgres()
})
after(() => postgres.stop())

/** Routes that need nobody logged in: everything else must refuse a stranger. A new one has to be named here. */
const open = [
  'GET /livez',
  'GET /healthz',
  'POST /auth/basic/login',
  'POST /auth/logout',
  'GET /auth/jwks',
  'GET /auth/methods',
  'GET /auth/dev-url',
  'GET /metrics',
  'GET /api/v0/openapi.json',
]

test('every route declares its permission; a stranger gets nothing but the few open ones', async (t) => {
  const site = await newSite(t, postgres)
  assert.ok(site.routes.length > 25)
  for (const { method, url, config } of site.routes) {
    assert.ok(config?.permission !== undefined && config.permission in permissions, `${method} ${url}`)
    if (method === 'HEAD') continue
    const name = `${method} ${url}`
    assert.equal(config.permission === 'anyone', open.includes(name), name)
    if (config.permission === 'anyone') continue
    const answer = await site.call(
      undefined,
      method,
      url.replace(/:session/, crypto.randomUUID()).replace(/:\w+/g, 'aaaaaaaaaa'),
    )
    assert.equal(answer.statusCode, 401, `${name}: ${answer.body}`)
  }
})

test('every writing route names the action for the audit log, each once', async (t) => {
  const site = await newSite(t, postgres)
  const writing = site.routes.filter(({ method }) => !['GET', 'HEAD'].includes(method))
  const actions = writing.map(({ config }) => config?.audit).filter((audit) => typeof audit === 'string')
  assert.equal(new Set(actions).size, actions.length)
  const silent = writing.filter(({ config }) => config?.audit === false).map(({ method, url }) => `${method} ${url}`)
  assert.deepEqual(silent, ['POST /auth/logout', 'POST /api/v0/workspaces/:id/tickets', 'POST /internal/activity'])
})

test('each site role reaches exactly the routes that the table gives it', async (t) => {
  const site = await newSite(t, postgres)
  for (const role of siteRoles) {
    await site.user(role, role)
    const token = await site.logIn(role)
    for (const { method, url, config } of site.routes) {
      const permission = config?.permission as Permission
      if (method === 'HEAD' || permission === 'anyone' || permission === 'internal') continue
      const grant: Grant = grantOf(permission)
      const answer = await site.call(
        token,
        method,
        url.replace(/:session/, crypto.randomUUID()).replace(/:\w+/g, 'aaaaaaaaaa'),
      )
      const everyMember = grant.organization?.includes('organization-member') === true
      const expected = grant.site?.includes(role) === true || grant.owner === true || everyMember
      assert.equal(answer.statusCode !== 403, expected, `${role} ${method} ${url}: ${answer.statusCode} ${answer.body}`)
    }
  }
})

test('a handler that forgets to ask whose object it is, or to leave an audit entry, answers nothing', async (t) => {
  const site = await newSite(t, postgres, 'connected', (app) => {
    app.get('/forgot', { config: { permission: 'workspaces:read' } }, async () => ({ secret: 'S3' }))
    app.post('/silent', { config: { permission: 'license:write', audit: 'x' } }, async (_request, reply) =>
      reply.code(204).send(null),
    )
  })
  await site.user('root', 'site-admin')
  const token = await site.logIn('root')
  const forgot = await site.call(token, 'GET', '/forgot')
  assert.deepEqual([forgot.statusCode, forgot.json().code], [500, 'INTERNAL'])
  assert.doesNotMatch(forgot.body, /S3/)
  assert.equal((await site.call(token, 'POST', '/silent')).statusCode, 500)
})
