import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { SignJWT } from 'jose'
import { headers, mark, query, secret } from '../../fixtures/planted.ts'
import { type Postgres, startPostgres } from '../postgres.ts'
import { internalKey, newSite } from './site.ts'

let postgres: Postgres
before(async () => {
  postgres = await startPostgres()
})
after(() => postgres.stop())

/** Fields of every route that takes a secret, and some that none takes. */
const bodies = [
  undefined,
  secret,
  { username: 'root', password: secret },
  { username: secret, password: secret, current: secret },
  { password: secret, current: secret },
  { license: secret },
  { license: `${secret}.${secret}.${secret}` },
  { key: `ssh-ed25519 ${secret} ${secret}` },
  { name: secret, scopes: ['account:read'], days: 1 },
  { token: secret, ticket: secret, session_token: secret, [secret]: secret },
]

test('no line of the manager has a query, a cookie, a password, a ticket or a token, whatever a route does', async (t) => {
  let log = ''
  const stream = new Writable({
    write(chunk, _encoding, done) {
      log += chunk
      done()
    },
  })
  const oidc = { issuer: 'http://127.0.0.1:9', clientId: 'cde', clientSecret: secret, allowHttp: true }
  const site = await newSite(t, postgres, 'connected', () => {}, oidc, undefined, stream)
  await site.user('root', 'site-admin')
  const session = await site.logIn('root')
  const made = await site.call(session, 'POST', '/api/v0/api-keys', { name: 'k', scopes: ['users:read'], days: 1 })
  const key: string = made.json().token
  const internal = await new SignJWT({})
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer('envproxy')
    .setAudience('manager')
    .setIssuedAt(site.time.now / 1000)
    .setExpirationTime(site.time.now / 1000 + 60)
    .sign(new TextEncoder().encode(internalKey))
  /** Who calls: nobody, the bearer of something forged, a session by header and cookie, an API key, the envproxy. */
  const callers = [
    {},
    headers,
    { ...headers, 'session-token': session },
    { origin: 'https://cde.example', cookie: `__Host-session_token=${session}` },
    { authorization: `Bearer ${key}` },
    { authorization: `Bearer ${internal}` },
  ]
  const round = async (payloads: typeof bodies) => {
    for (const { method, url } of site.routes)
      for (const caller of callers)
        for (const payload of method === 'GET' || method === 'HEAD' ? [undefined] : payloads) {
          const path = url.replace(':session', crypto.randomUUID()).replace(/:\w+/g, 'aaaaaaaaaa')
          const json = payload === undefined ? {} : { 'content-type': 'application/json' }
          await site.app.inject({
            method: method as 'GET',
            url: `${path}?${query}`,
            headers: { ...caller, ...json },
            ...(payload === undefined ? {} : { payload }),
          })
        }
  }
  // the first round ends the session by the route that logs out, which is why there is a second
  await round(bodies)
  const again = await site.logIn('root')
  for (const caller of callers)
    for (const [name, value] of Object.entries(caller)) Object.assign(caller, { [name]: value.replace(session, again) })

  // a route's own query, so that it does what it is there for
  const state = secret
  await site.call(undefined, 'GET', `/auth/dev-url?label=8000-box-ada&state=${state}&to=/${mark}`)
  await site.call(again, 'GET', `/auth/dev-url?label=8000-box-ada&state=${state}&to=/${mark}`)
  const begun = await site.app.inject({ url: '/auth/oidc/login' })
  await site.app.inject({
    url: `/auth/oidc/callback?code=${secret}&state=${secret}`,
    headers: { cookie: String(begun.headers['set-cookie'] ?? '') },
  })

  // a database that fails in words of its own
  const failure = Object.assign(new Error('duplicate key'), {
    code: '23505',
    detail: `Key (name)=(${secret}) exists`,
    parameters: [secret],
    where: secret,
  })
  const { query: ask } = site.database
  t.mock.method(site.database, 'query', (...given: unknown[]) =>
    // whose session it is must still be known, or no route gets as far as to fail
    JSON.stringify(given).includes('held.token_hash')
      ? Reflect.apply(ask, site.database, given)
      : Promise.reject(failure),
  )
  await round([undefined, { username: 'root', password: secret }, { key: secret }])
  t.mock.restoreAll()
  assert.match(log, /"msg":"a request failed"/)
  assert.match(log, /"code":"23505"/)

  // what the HTTP parser refuses
  await site.app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = site.app.server.address() as AddressInfo
  const upgrade =
    'connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA=='
  for (const raw of [
    `GET /auth/dev-url?${query} HTTP/1.1\r\nhost: x\r\ncookie: \0${secret}\r\n\r\n`,
    `GET /auth/dev-url?${query} HTTP/1.1\r\nhost: x\r\ncookie: ${secret.repeat(500)}\r\n\r\n`,
    `GET /%ff?${query} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`,
    `GET /api/v0/users/${'a'.repeat(200)}?${query} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`,
    `GET /api/v0/workspaces/watch-update?${query} HTTP/1.1\r\nhost: x\r\n${upgrade}\r\n\r\n`,
    `${secret} ${secret}\r\n\r\n`,
  ]) {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    socket.write(raw)
    await text(socket).catch(() => '')
  }
  assert.match(log, /"path":"\/auth\/dev-url"/, 'paths are there')
  for (const hidden of [mark, session, again, key.slice(4), internal.split('.')[2] ?? '', 'Bearer '])
    assert.ok(
      !log.includes(hidden),
      `${hidden} is in the log: ${log.slice(Math.max(0, log.indexOf(hidden) - 500), log.indexOf(hidden) + 100)}`,
    )
})
