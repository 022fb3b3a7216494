import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { after, before, test } from 'node:test'
import { type Postgres, startPostgres } from '../postgres.ts'
import { newSite, password, type Site } from './site.ts'

let postgres: Postgres
before(async () => {
  postgres = await startPostgres()
})
after(() => postgres.stop())

type Check = { name: string; standing: string; code?: string; message?: string; fix?: string }
async function health(site: Site, token: string) {
  const answer = await site.call(token, 'GET', '/api/v0/health')
  assert.equal(answer.statusCode, 200)
  const { standing, checks } = answer.json() as { standing: string; checks: Check[] }
  return { standing, body: answer.body, of: (name: string) => checks.find((check) => check.name === name) }
}

test('the health page names each part that fails, with a code and what helps', async (t) => {
  const site = await newSite(t, postgres)
  await site.user('eye', 'site-auditor')
  await site.user('ada')
  const token = await site.logIn('eye')
  const envproxy = createServer((request, response) => response.writeHead(request.url === '/healthz' ? 200 : 404).end())
  envproxy.listen(0, '127.0.0.1')
  await once(envproxy, 'listening')
  t.after(() => envproxy.close())
  site.envproxyUrl = `http://127.0.0.1:${(envproxy.address() as { port: number }).port}`
  const good = await health(site, token)
  for (const name of ['database', 'kubernetes', 'license', 'envproxy', 'client-addresses'])
    assert.deepEqual(good.of(name), { name, standing: 'ok' })
  const access = good.of('access-url')
  assert.deepEqual([good.standing, access?.standing, access?.code], ['warning', 'warning', 'HEALTH_ACCESS_URL'])
  assert.match(access?.message ?? '', /ENOTFOUND|EAI_AGAIN/)

  site.envproxyUrl = 'http://127.0.0.1:9'
  site.engine.check = () => Promise.reject(new Error('Kubernetes did not answer in 20 s'))
  const bad = await health(site, token)
  assert.equal(bad.standing, 'failing')
  assert.deepEqual([bad.of('envproxy')?.code, bad.of('kubernetes')?.code], ['HEALTH_ENVPROXY', 'HEALTH_KUBERNETES'])
  assert.ok(bad.of('envproxy')?.fix !== undefined)
  assert.equal((await site.call(await site.logIn('ada'), 'GET', '/api/v0/health')).statusCode, 403)
})

test('five people who all seem to come from one address are a warning, until somebody comes from another', async (t) => {
  const site = await newSite(t, postgres)
  await site.user('eye', 'site-auditor')
  const from = (username: string, address: string) =>
    site.app.inject({
      method: 'POST',
      url: '/auth/basic/login',
      headers: { 'x-forwarded-for': address },
      payload: { username, password },
    })
  const token = (await from('eye', '10.0.0.9')).json().session_token
  for (const name of ['ada', 'bob', 'cyd']) {
    await site.user(name)
    await from(name, '10.0.0.9')
  }
  const found = async () => (await health(site, token)).of('client-addresses')
  assert.equal((await found())?.standing, 'ok', 'four may be an office')
  await site.user('dee')
  await from('dee', '10.0.0.9')
  const { standing, code, message } = (await found()) ?? {}
  assert.deepEqual([standing, code], ['warning', 'HEALTH_CLIENT_ADDRESSES'])
  assert.match(message ?? '', /all 5 people .* 10\.0\.0\.9/)
  await from('dee', '10.0.0.8')
  assert.equal((await found())?.standing, 'ok')
})

test('the license shows in the health page: missing, refused, ending, too few seats', async (t) => {
  const site = await newSite(t, postgres, 'airgapped')
  await site.user('root', 'site-admin')
  const token = await site.logIn('root')
  const license = async () => (await health(site, token)).of('license')
  assert.deepEqual([(await license())?.code, (await license())?.standing], ['LICENSE_MISSING', 'failing'])
  const day = 86_400
  const seconds = Math.floor(site.time.now / 1000)
  const upload = async (change: object) =>
    site.call(token, 'PUT', '/api/v0/license', { license: await site.license(change) })
  await upload({ license_expires: seconds + 10 * day, exp: seconds + 24 * day })
  assert.deepEqual([(await license())?.code, (await license())?.standing], ['LICENSE_ENDS_SOON', 'warning'])
  site.time.now += 11 * day * 1000
  const again = await site.logIn('root')
  assert.equal((await health(site, again)).of('license')?.code, 'LICENSE_GRACE')
  const renewed = await site.license({ features: { airgap: true, seats: 1 } })
  await site.call(again, 'PUT', '/api/v0/license', { license: renewed })
  await site.user('ada')
  assert.equal((await health(site, again)).of('license')?.code, 'LICENSE_SEATS')
  assert.equal((await site.call(again, 'GET', '/api/v0/license')).json().seatsUsed, 2)
  assert.equal((await site.call(again, 'GET', '/api/v0/workspaces')).statusCode, 200, 'a warning breaks nothing')
})

test('OpenAPI describes every route that people may call, from the schemas that check them', async (t) => {
  const site = await newSite(t, postgres)
  const answer = await site.app.inject({ url: '/api/v0/openapi.json' })
  const document = answer.json()
  assert.equal(document.openapi, '3.1.0')
  const described = Object.entries(document.paths as Record<string, object>).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  )
  const expected = site.routes
    .filter(({ method, url }) => method !== 'HEAD' && /^\/(api|auth)\//.test(url))
    .map(({ method, url }) => `${method} ${url.replace(/:(\w+)/g, '{$1}')}`)
  assert.deepEqual(described.sort(), expected.sort())
  const create = document.paths['/api/v0/workspaces'].post
  assert.equal(create['x-permission'], 'workspaces:create')
  const body = create.requestBody.content['application/json'].schema
  assert.deepEqual(body.required, ['name', 'cpu', 'memoryGiB', 'diskGiB'])
  assert.equal(body.properties.cpu.multipleOf, 0.25)
  assert.ok(create.responses['201'] !== undefined && create.responses['4XX'] !== undefined)
  assert.deepEqual(document.paths['/auth/basic/login'].post.security, [])
  assert.doesNotMatch(answer.body, /internal/)
})

test('metrics count requests by route pattern and name nobody', async (t) => {
  const site = await newSite(t, postgres)
  const user = await site.user('ada')
  const token = await site.logIn('ada')
  const body = { name: 'harbour', cpu: 1, memoryGiB: 1, diskGiB: 1 }
  const { id } = (await site.call(token, 'POST', '/api/v0/workspaces', body)).json()
  await site.call(token, 'GET', `/api/v0/workspaces/${id}`)
  await site.call(token, 'GET', '/nowhere/secret-path')
  await site.call(undefined, 'POST', '/auth/basic/login', { username: 'ada', password: `${password}!` })
  const { body: text, headers } = await site.app.inject({ url: '/metrics' })
  assert.match(String(headers['content-type']), /^text\/plain/)
  assert.match(
    text,
    /cde_manager_request_seconds_count\{method="GET",route="\/api\/v0\/workspaces\/:id",status="2xx"\} 1/,
  )
  assert.match(text, /cde_manager_refused_logins_total 1/)
  assert.match(text, /cde_workspaces\{desired="on"\} 1/)
  assert.match(text, /cde_manager_database_connections\{state="open"\} \d/)
  assert.match(text, /process_resident_memory_bytes/)
  for (const hidden of [id, user.id, 'ada', 'harbour', 'secret-path', token]) assert.ok(!text.includes(hidden), hidden)
})
