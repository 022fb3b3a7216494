import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import type { LightMyRequestResponse } from 'fastify'
import { openSession } from '../../../services/manager/sessions.ts'
import { type Postgres, startPostgres } from '../postgres.ts'
import { type Schema, textValue, value } from './from-schema.ts'
import { newSite, type Site } from './site.ts'

let postgres: Postgres
before(async () => {
  postgres = await startPostgres()
})
after(() => postgres.stop())

/** The same requests each time; another number makes others. A failure prints it, and the path to the request. */
const seed = Number(process.env.PROPERTY_SEED ?? 15)
/** Requests for each route and caller; on a machine too slow for all of them within so many milliseconds, few for the rest. */
const runs = { usual: 20, few: 2, within: 30_000 }

type Answers = Record<string, { content?: Record<string, { schema?: Schema }> }>
type Operation = {
  parameters?: { name: string; in: 'path' | 'query'; required?: boolean; schema: Schema }[]
  requestBody?: { content: { 'application/json': { schema: Schema } } }
  responses: Answers
  security: unknown[]
}
type Asked = { path: Record<string, string>; query: Record<string, string>; body: unknown }

/** A site where each id leads to something that is there. */
async function furnish(site: Site) {
  const root = await site.user('root', 'site-admin')
  const ada = await site.user('ada')
  const tokens = {
    anonymous: undefined,
    member: await openSession(site.database, ada.id, site.time.now),
    'site-admin': await openSession(site.database, root.id, site.time.now),
  }
  /** ids by the collection they are in */
  const known: Record<string, string[]> = {
    users: [root.id, ada.id],
    organizations: ['default000'],
    none: ['aaaaaaaaaa'],
  }
  const size = { cpu: 1, memoryGiB: 1, diskGiB: 1 }
  const post = async (who: keyof typeof tokens, url: string, body: object) => {
    const { id } = (await site.call(tokens[who], 'POST', url, body)).json()
    assert.ok(id, url)
    known[url.split('/')[3] ?? ''] = [...(known[url.split('/')[3] ?? ''] ?? []), id]
    return id as string
  }
  await post('site-admin', '/api/v0/organizations', { name: 'yard' })
  const registry = await post('site-admin', '/api/v0/registries', { name: 'r', host: 'r.example' })
  await post('site-admin', '/api/v0/images', { name: 'i', registry, repository: 'i', tag: '1' })
  for (const who of ['member', 'site-admin'] as const) {
    const workspace = await post(who, '/api/v0/workspaces', { name: 'box', ...size })
    await post(who, '/api/v0/dev-urls', { workspace, port: 8000 })
    await post(who, '/api/v0/api-keys', { name: 'k', scopes: ['account:read'], days: 1 })
    await post(who, '/api/v0/ssh-keys', {
      key: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f',
    })
  }
  await site.reconcile()
  return { tokens, known }
}

/** Undoes what keeps later requests from getting far: who is out or has another role, and sessions that ended. */
async function mend(site: Site, tokens: Awaited<ReturnType<typeof furnish>>['tokens']): Promise<void> {
  await site.database.query(
    `UPDATE users SET deactivated_at = NULL, role = CASE username WHEN 'root' THEN 'site-admin' ELSE 'site-member' END
     WHERE username IN ('root', 'ada')`,
  )
  for (const [who, username] of [
    ['site-admin', 'root'],
    ['member', 'ada'],
  ] as const) {
    if ((await site.call(tokens[who], 'GET', '/api/v0/me')).statusCode === 200) continue
    const { rows } = await site.database.query('SELECT id FROM users WHERE username = $1', [username])
    tokens[who] = await openSession(site.database, rows[0].id, site.time.now)
  }
}

test('whatever the schema of a route lets through, the answer is one that the document names, and never a 5xx', async (t) => {
  const oidc = { issuer: 'http://127.0.0.1:9', clientId: 'cde', clientSecret: 'secret', allowHttp: true }
  const site = await newSite(t, postgres, 'connected', () => {}, oidc)
  const { tokens, known } = await furnish(site)
  const document = (await site.call(undefined, 'GET', '/api/v0/openapi.json')).json()
  const ajv = new Ajv2020({
    strict: false,
    formats: { 'date-time': (text: string) => !Number.isNaN(Date.parse(text)) },
  })
  const end = Date.now() + runs.within
  const reached = new Map<string, Set<number>>()
  const operations = Object.entries<Record<string, Operation>>(document.paths).flatMap(([path, byMethod]) =>
    Object.entries(byMethod).map(([method, operation]) => ({ path, method, operation })),
  )
  // what is there is deleted last
  operations.sort((one, other) => Number(one.method === 'delete') - Number(other.method === 'delete'))
  for (const { path, method, operation } of operations) {
    const name = `${method.toUpperCase()} ${path}`
    const statuses = new Set<number>()
    reached.set(name, statuses)
    for (const who of Object.keys(tokens) as (keyof typeof tokens)[]) {
      await mend(site, tokens)
      const check = fc.asyncProperty(requests(path, operation, known), async (asked) => {
        const answer = await send(site, tokens[who], method, path, asked)
        statuses.add(answer.statusCode)
        assertDocumented(ajv, operation.responses, answer, `${who} ${name}`)
      })
      // who is not logged in gets no further than that, but at the routes for anyone
      const few = (who === 'anonymous' && operation.security.length > 0) || Date.now() > end
      await fc.assert(check, { seed, numRuns: few ? runs.few : runs.usual })
    }
  }
  const succeeded = [...reached].filter(([, statuses]) => [...statuses].some((status) => status < 400))
  t.diagnostic(`${reached.size} operations, ${succeeded.length} of them succeeded at least once`)
  assert.ok(succeeded.length > reached.size / 2, 'requests get somewhere')
})

function requests(
  path: string,
  { parameters = [], requestBody }: Operation,
  known: Record<string, string[]>,
): fc.Arbitrary<Asked> {
  const all = Object.values(known).flat()
  const place = (where: 'path' | 'query') => {
    const here = parameters.filter((one) => one.in === where)
    const fields = here.map(({ name, schema }) => {
      const own = known[name === 'id' ? (path.split('/')[3] ?? '') : `${name}s`] ?? all
      return [name, fc.oneof({ weight: 4, arbitrary: textValue(schema, own) }, textValue(schema, all))]
    })
    const requiredKeys = here.filter((one) => where === 'path' || one.required === true).map((one) => one.name)
    return fc.record(Object.fromEntries(fields), { requiredKeys }) as fc.Arbitrary<Record<string, string>>
  }
  const schema = requestBody?.content['application/json'].schema
  return fc.record({
    path: place('path'),
    query: place('query'),
    body: schema === undefined ? fc.constant(undefined) : value(schema, all),
  })
}

async function send(site: Site, token: string | undefined, method: string, path: string, asked: Asked) {
  const url = path.replace(/\{(\w+)\}/g, (_all, name: string) => encoded(asked.path[name] ?? '') || 'x')
  const query = Object.entries(asked.query).map(([name, text]) => `${name}=${encoded(text)}`)
  return await site.app.inject({
    method: method.toUpperCase() as 'GET',
    url: query.length === 0 ? url : `${url}?${query.join('&')}`,
    headers: {
      ...(token === undefined ? {} : { 'session-token': token }),
      ...(asked.body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(asked.body === undefined ? {} : { payload: JSON.stringify(asked.body) }),
  })
}

/** Percent-encoded; where it is no Unicode, each unit as the three bytes that a careless encoder makes of a lone surrogate. */
const encoded = (text: string): string =>
  text.isWellFormed()
    ? encodeURIComponent(text)
    : [...text].map((unit) => `%ED%A0%${(0x80 + (unit.charCodeAt(0) % 64)).toString(16)}`).join('')

function assertDocumented(ajv: Ajv2020, responses: Answers, answer: LightMyRequestResponse, name: string): void {
  const { statusCode, body } = answer
  const words = `${name} answered ${statusCode} ${body.slice(0, 300)}`
  assert.ok(statusCode < 500, words)
  const named = responses[statusCode] ?? responses[`${Math.floor(statusCode / 100)}XX`]
  assert.ok(named, `${words}, which the document does not name: ${Object.keys(responses)}`)
  const type = String(answer.headers['content-type'] ?? '').split(';')[0] ?? ''
  const schema = named.content?.[type]?.schema
  if (named.content === undefined) {
    assert.equal(body, '', `${words}, where the document has no body`)
    return
  }
  assert.ok(schema, `${words}, of a type that the document does not name: ${type}`)
  const valid = ajv.validate(schema, type === 'application/json' ? JSON.parse(body) : body)
  assert.ok(valid, `${words}, which is not what the document says: ${ajv.errorsText()}`)
}
