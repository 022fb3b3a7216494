import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { after, before, type TestContext, test } from 'node:test'
// @ts-expect-error the provider brings no types
import Provider from 'oidc-provider'
import { pendingLogins } from '../../../services/manager/oidc/pending-login.ts'
import { siteCookies } from '../../../services/manager/site-cookies.ts'
import { type Postgres, startPostgres } from '../postgres.ts'
import { accessUrl, newSite, password, type Site } from './site.ts'
import { writes } from './stop-writes.ts'

let postgres: Postgres
before(async () => {
  postgres = await startPostgres()
})
after(() => postgres.stop())

const client = { client_id: 'cde', client_secret: 'cde-client-secret-of-the-site' }
const callback = `${accessUrl}/auth/oidc/callback`

/** A real identity provider on loopback. People have the name they log in with; `subjects` says who they are. */
async function identityProvider(t: TestContext) {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const issuer = `http://127.0.0.1:${(server.address() as { port: number }).port}`
  const names = new Map<string, string>()
  const provider = new Provider(issuer, {
    clients: [{ ...client, redirect_uris: [callback], response_types: ['code'], grant_types: ['authorization_code'] }],
    pkce: { required: () => true },
    claims: { profile: ['preferred_username'], email: ['email'] },
    cookies: { keys: ['test'] },
    findAccount: (_context: unknown, sub: string) => ({
      accountId: sub,
      claims: () => ({
        sub,
        preferred_username: names.get(sub) ?? sub,
        email: 'root@site.example',
        email_verified: true,
      }),
    }),
  })
  server.on('request', provider.callback())
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return {
    issuer,
    names,
    settings: { issuer, clientId: client.client_id, clientSecret: client.client_secret, allowHttp: true },
  }
}

/** Walks through the provider's pages as a browser does; returns where it sends the person back to. */
async function consent(start: string, account: string): Promise<string> {
  const jar = new Map<string, string>()
  const visit = async (url: string, form?: Record<string, string>): Promise<Response> => {
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) }),
    })
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
      jar.set(name, value)
    }
    return response
  }
  let url = start
  for (let step = 0; step < 12; step++) {
    const response = await visit(url)
    const location = response.headers.get('location')
    if (location?.startsWith(callback)) return location
    if (location !== null) url = new URL(location, url).href
    else {
      const page = await response.text()
      const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1] ?? assert.fail(page)
      const answer = await visit(url, prompt === 'login' ? { prompt, login: account, password: 'x' } : { prompt })
      url = new URL(answer.headers.get('location') ?? '', url).href
    }
  }
  return assert.fail('the provider sends in circles')
}

async function begin(site: Site) {
  const answer = await site.app.inject({ url: '/auth/oidc/login' })
  assert.equal(answer.statusCode, 303)
  const [cookie] = answer.cookies as unknown as {
    name: string
    value: string
    sameSite: string
    httpOnly: boolean
    secure: boolean
    path: string
  }[]
  return { location: String(answer.headers.location), cookie: `${cookie?.name}=${cookie?.value}`, raw: cookie }
}
async function finish(site: Site, url: string, cookie: string | undefined) {
  const { pathname, search } = new URL(url)
  const answer = await site.app.inject({ url: pathname + search, headers: cookie === undefined ? {} : { cookie } })
  assert.equal(answer.statusCode, 303)
  const location = String(answer.headers.location)
  assert.ok(location.startsWith(`${accessUrl}/`), location)
  const session = (answer.cookies as { name: string; value: string }[]).find(
    ({ name }) => name === '__Host-session_token',
  )
  return { error: new URL(location).searchParams.get('login_error'), token: session?.value }
}
async function enter(site: Site, account: string) {
  const { location, cookie } = await begin(site)
  return await finish(site, await consent(location, account), cookie)
}
const me = async (site: Site, token: string | undefined) => (await site.call(token, 'GET', '/api/v0/me')).json()

test('a person logs in through the provider and is the same user the next time, also under another name', async (t) => {
  const { settings, names } = await identityProvider(t)
  const site = await newSite(t, postgres, 'connected', undefined, settings)
  assert.deepEqual((await site.app.inject({ url: '/auth/methods' })).json(), { password: true, oidc: true })
  names.set('s-1', 'Zoë.Ünal@site.example')
  const first = await enter(site, 's-1')
  assert.equal(first.error, null)
  const user = await me(site, first.token)
  assert.deepEqual([user.username, user.role], ['zoe.unal', 'site-member'])
  names.set('s-1', 'root')
  assert.equal((await me(site, (await enter(site, 's-1')).token)).id, user.id)
  const { rows } = await site.database.query(`SELECT action FROM audit ORDER BY id`)
  assert.deepEqual(
    rows.map(({ action }) => action),
    ['user.create-by-login', 'session.open', 'session.open'],
  )
})

test('during an upgrade nobody is sent to the provider in vain, and who comes back from there is told', async (t) => {
  const { settings } = await identityProvider(t)
  const site = await newSite(t, postgres, 'connected', undefined, settings)
  const { location, cookie } = await begin(site)
  const back = await consent(location, 's-1')
  const { stop, resume } = await writes(t, postgres, site.database)
  await stop()
  assert.equal((await begin(site)).location, `${accessUrl}/?login_error=UPGRADE_READ_ONLY`)
  assert.deepEqual(await finish(site, back, cookie), { error: 'UPGRADE_READ_ONLY', token: undefined })
  await resume()
  assert.equal((await enter(site, 's-1')).error, null)
})

test('a name or an e-mail address of someone who is already there takes nothing over', async (t) => {
  const { settings, names } = await identityProvider(t)
  const site = await newSite(t, postgres, 'connected', undefined, settings)
  const root = await site.user('root', 'site-admin')
  names.set('s-evil', 'root')
  const { token } = await enter(site, 's-evil')
  const user = await me(site, token)
  assert.notEqual(user.id, root.id)
  assert.deepEqual([user.username, user.role], ['root-2', 'site-member'])
  const login = { username: 'root-2', password: '' }
  for (const wrong of ['x', 'null', 'undefined'])
    assert.equal(
      (await site.call(undefined, 'POST', '/auth/basic/login', { ...login, password: wrong })).statusCode,
      401,
    )
})

test('the request carries PKCE, state and nonce, and its cookie is for this one login only', async (t) => {
  const { settings, issuer } = await identityProvider(t)
  const site = await newSite(t, postgres, 'connected', undefined, settings)
  const { location, cookie, raw } = await begin(site)
  const query = new URL(location).searchParams
  assert.ok(location.startsWith(issuer))
  assert.deepEqual(
    [query.get('redirect_uri'), query.get('code_challenge_method'), query.get('response_type')],
    [callback, 'S256', 'code'],
  )
  for (const name of ['state', 'nonce', 'code_challenge']) assert.match(query.get(name) ?? '', /^[\w-]{43}$/)
  assert.deepEqual([raw?.httpOnly, raw?.secure, raw?.sameSite, raw?.path], [true, true, 'Lax', '/'])
  assert.equal(raw?.name, '__Host-oidc_login', 'no page of a dev URL can set it, and so log someone in as another')
  for (const name of ['state', 'nonce']) assert.ok(!cookie.includes(query.get(name) ?? ''))
  const back = await consent(location, 's-1')
  const other = await begin(site)
  assert.equal((await finish(site, back, undefined)).error, 'OIDC_EXPIRED', 'without the cookie')
  assert.equal((await finish(site, back, other.cookie)).error, 'OIDC_REFUSED', "with another login's cookie")
  assert.equal((await finish(site, back, '__Host-oidc_login=x.y.z')).error, 'OIDC_EXPIRED')
  assert.equal(
    (await finish(site, `${callback}?error=access_denied&state=${query.get('state')}`, cookie)).error,
    'OIDC_REFUSED',
  )
  const otherState = new URL(back)
  otherState.searchParams.set('state', 'x'.repeat(43))
  assert.equal((await finish(site, otherState.href, cookie)).error, 'OIDC_REFUSED', 'with another state')
  assert.ok((await finish(site, back, cookie)).token !== undefined)
  assert.equal((await finish(site, back, cookie)).error, 'OIDC_REFUSED', 'a code is redeemed once')
})

test('every cookie that the manager sets is one that no other host can set, and no script can read', async (t) => {
  const { settings } = await identityProvider(t)
  const site = await newSite(t, postgres, 'connected', undefined, settings)
  await site.user('ada')
  const { location, cookie } = await begin(site)
  const { pathname, search } = new URL(await consent(location, 's-1'))
  const answers = [
    await site.app.inject({ url: '/auth/oidc/login' }),
    await site.app.inject({ url: pathname + search, headers: { cookie } }),
    await site.call(undefined, 'POST', '/auth/basic/login', { username: 'ada', password }),
    await site.call(undefined, 'POST', '/auth/logout'),
  ]
  const cookies = answers.flatMap(({ headers }) => headers['set-cookie'] ?? [])
  const names = Object.values(siteCookies(accessUrl)).map(({ name }) => name)
  assert.deepEqual(new Set(cookies.map((one) => one.split('=')[0])), new Set(names))
  for (const one of cookies) {
    const [pair, ...attributes] = one.split('; ')
    assert.match(pair ?? '', /^__Host-/)
    for (const needed of ['Path=/', 'HttpOnly', 'Secure']) assert.ok(attributes.includes(needed), one)
    assert.match(one, /; SameSite=(Strict|Lax)(;|$)/)
    assert.doesNotMatch(one, /; *Domain/i)
  }
})

test('someone who takes longer than ten minutes, or is deactivated, does not get in', async (t) => {
  const { settings } = await identityProvider(t)
  const site = await newSite(t, postgres, 'connected', undefined, settings)
  const { location, cookie } = await begin(site)
  const back = await consent(location, 's-1')
  site.time.now += 601_000
  assert.equal((await finish(site, back, cookie)).error, 'OIDC_EXPIRED')
  await enter(site, 's-1')
  await site.database.query('UPDATE users SET deactivated_at = now()')
  const refused = await enter(site, 's-1')
  assert.deepEqual([refused.error, refused.token], ['OIDC_DEACTIVATED', undefined])
})

test('a login begun on one replica ends on the other, and two at once make one user', async (t) => {
  const { settings } = await identityProvider(t)
  const site = await newSite(t, postgres, 'connected', undefined, settings)
  const [one, two] = [await begin(site), await begin(site)]
  const ends = [await consent(one.location, 's-1'), await consent(two.location, 's-1')]
  const both = await Promise.all([finish(site, ends[0] ?? '', one.cookie), finish(site, ends[1] ?? '', two.cookie)])
  assert.ok(both.every(({ token }) => token !== undefined))
  assert.equal((await site.database.query('SELECT 1 FROM users')).rowCount, 1)
  const key = generateKeyPairSync('ed25519').privateKey
  const pending = { state: 's', nonce: 'n', verifier: 'v' }
  const sealed = await pendingLogins(key).seal(pending, 0)
  assert.deepEqual(await pendingLogins(key).open(sealed, 1000), pending)
  assert.equal(await pendingLogins(generateKeyPairSync('ed25519').privateKey).open(sealed, 1000), undefined)
})

test('a provider that is away is said, and later logins work again; passwords work all the time', async (t) => {
  const gone = { issuer: 'http://127.0.0.1:9', clientId: 'cde', clientSecret: 'x', allowHttp: true }
  const site = await newSite(t, postgres, 'connected', undefined, gone)
  const answer = await site.app.inject({ url: '/auth/oidc/login' })
  assert.equal(answer.headers.location, `${accessUrl}/?login_error=OIDC_UNREACHABLE`)
  await site.user('ada')
  await site.logIn('ada')
  const { settings } = await identityProvider(t)
  gone.issuer = settings.issuer
  gone.clientSecret = settings.clientSecret
  assert.equal((await enter(site, 's-1')).error, null)
})

test('a site without a provider has no such routes', async (t) => {
  const site = await newSite(t, postgres)
  assert.deepEqual((await site.app.inject({ url: '/auth/methods' })).json(), { password: true, oidc: false })
  assert.equal((await site.app.inject({ url: '/auth/oidc/login' })).statusCode, 404)
})
