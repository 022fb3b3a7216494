import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { countAttempt, loginLimits } from '../../../services/manager/login-limits.ts'
import { forgetExpired, sessionLifetime } from '../../../services/manager/sessions.ts'
import { type Postgres, startPostgres } from '../postgres.ts'
import { accessUrl, newSite, password, type Site } from './site.ts'

let postgres: Postgres
before(async () => {
  postgres = await startPostgres()
})
after(() => postgres.stop())

const login = (site: Site, body: object, headers: Record<string, string> = {}) =>
  site.app.inject({ method: 'POST', url: '/auth/basic/login', payload: body, headers })

test('logging in answers a token and a cookie that no script and no other site can use', async (t) => {
  const site = await newSite(t, postgres)
  await site.user('Ada', 'site-admin')
  const answer = await login(site, { username: 'ADA', password })
  assert.equal(answer.statusCode, 200)
  const { session_token, user } = answer.json()
  assert.deepEqual([user.username, user.role], ['ada', 'site-admin'])
  const [cookie] = answer.cookies as unknown as { name: string; value: string; [key: string]: unknown }[]
  assert.deepEqual(
    [cookie?.name, cookie?.value, cookie?.httpOnly, cookie?.secure, cookie?.sameSite, cookie?.path],
    ['__Host-session_token', session_token, true, true, 'Strict', '/'],
  )
  assert.equal(answer.headers['cache-control'], 'no-store')
  const me = await site.call(session_token, 'GET', '/api/v0/me')
  assert.equal(me.json().username, 'ada')
  assert.doesNotMatch(me.body, /hash|password/)
})

test('the database holds no token and no password', async (t) => {
  const site = await newSite(t, postgres)
  await site.user('ada')
  const token = await site.logIn('ada')
  const rows = JSON.stringify([
    (await site.database.query('SELECT * FROM sessions')).rows,
    (await site.database.query('SELECT * FROM users')).rows,
  ])
  assert.match(rows, /argon2id/)
  assert.ok(!rows.includes(token) && !rows.includes(password))
})

test('a wrong password and an unknown user get the same answer at the same cost', async (t) => {
  const site = await newSite(t, postgres)
  await site.user('ada')
  // what else the machine does only ever adds to the least of several
  const time = async (username: string) => {
    let [body, status, ms] = ['', 0, Number.POSITIVE_INFINITY]
    for (let i = 0; i < 4; i++) {
      const from = performance.now()
      const answer = await login(site, { username, password: 'wrong' })
      ms = Math.min(ms, performance.now() - from)
      ;[body, status] = [answer.body, answer.statusCode]
    }
    return { body, status, ms }
  }
  const wrong = await time('ada')
  const unknown = await time('nobody')
  assert.deepEqual([wrong.status, wrong.body], [unknown.status, unknown.body])
  assert.equal(wrong.status, 401)
  assert.ok(unknown.ms > 15 && unknown.ms > wrong.ms / 4, `${unknown.ms} ms against ${wrong.ms} ms`)
})

test('a session ends when its time is over, and when its owner logs out', async (t) => {
  const site = await newSite(t, postgres)
  await site.user('ada')
  const first = await site.logIn('ada')
  const second = await site.logIn('ada')
  assert.equal((await site.call(first, 'POST', '/auth/logout')).statusCode, 204)
  assert.equal((await site.call(first, 'GET', '/api/v0/me')).json().code, 'AUTH_REQUIRED')
  assert.equal((await site.call(second, 'GET', '/api/v0/me')).statusCode, 200)
  site.time.now += sessionLifetime
  assert.equal((await site.call(second, 'GET', '/api/v0/me')).statusCode, 401)
  await forgetExpired(site.database, site.time.now)
  assert.equal((await site.database.query('SELECT 1 FROM sessions')).rowCount, 0)
})

test('a write with a cookie needs the Origin of our own pages; with the header it does not', async (t) => {
  const site = await newSite(t, postgres)
  await site.user('ada')
  const token = await site.logIn('ada')
  const write = (headers: Record<string, string>) =>
    site.app.inject({
      method: 'POST',
      url: '/api/v0/workspaces',
      headers,
      payload: { name: `w${Math.random().toString(36).slice(2, 8)}`, cpu: 1, memoryGiB: 1, diskGiB: 1 },
    })
  const cookie = `__Host-session_token=${token}`
  for (const headers of [
    { cookie },
    { cookie, origin: 'https://evil.example' },
    { cookie, origin: 'null' },
    { cookie, origin: `${accessUrl}.evil.example` },
  ] as Record<string, string>[]) {
    const answer = await write(headers)
    assert.deepEqual([answer.statusCode, answer.json().code], [403, 'AUTH_ORIGIN'], JSON.stringify(headers))
  }
  assert.equal((await write({ cookie, origin: accessUrl })).statusCode, 201)
  // a page of a dev URL may have set it for the domain that it shares with the site
  assert.equal((await write({ cookie: `session_token=${token}`, origin: accessUrl })).statusCode, 401)
  assert.equal((await write({ 'session-token': token })).statusCode, 201)
  const logout = await site.app.inject({ method: 'POST', url: '/auth/logout', headers: { cookie } })
  assert.equal(logout.statusCode, 403, 'another site cannot log people out')
  assert.equal((await login(site, { username: 'ada', password }, { origin: 'https://evil.example' })).statusCode, 403)
})

test('too many failures from one address are refused, without locking the user out elsewhere', async (t) => {
  const site = await newSite(t, postgres)
  await site.user('ada')
  const from = (address: string, secret: string) =>
    login(site, { username: 'ada', password: secret }, { 'x-forwarded-for': `6.6.6.6, ${address}` })
  for (let attempt = 0; attempt < loginLimits.pair; attempt++)
    assert.equal((await from('192.0.2.1', 'wrong')).statusCode, 401)
  const refused = await from('192.0.2.1', password)
  assert.deepEqual([refused.statusCode, refused.json().code], [429, 'AUTH_TOO_MANY_ATTEMPTS'])
  assert.ok(Number(refused.headers['retry-after']) > 200)
  assert.equal((await from('192.0.2.2', password)).statusCode, 200)
  site.time.now += loginLimits.window + 1
  assert.equal((await from('192.0.2.1', password)).statusCode, 200)
})

test('an IPv6 network is one however it is written, and a right password takes nothing from anybody', async (t) => {
  const site = await newSite(t, postgres)
  await site.user('ada')
  const from = (address: string, secret: string) =>
    login(site, { username: 'ada', password: secret }, { 'x-forwarded-for': address })
  const spellings = ['2001:db8::1', '2001:0DB8:0:0:0:0:0:2', '2001:db8:0:0:ffff::3', '[2001:db8::4]:4711']
  for (let attempt = 0; attempt < loginLimits.pair; attempt++)
    assert.equal((await from(spellings[attempt % spellings.length] as string, 'wrong')).statusCode, 401)
  assert.equal((await from('2001:db8::5', password)).statusCode, 429)
  assert.equal((await from('2001:db8:0:1::5', password)).statusCode, 200, 'the next network')

  const counted = async () => {
    const { rows } = await site.database.query('SELECT sum(attempts)::int AS sum FROM login_attempts')
    return rows[0].sum
  }
  const before = await counted()
  for (let i = 0; i < 3; i++) assert.equal((await from('192.0.2.9', password)).statusCode, 200)
  assert.equal(await counted(), before)
})

test('who shares an address with somebody that guesses still gets in, up to a bound for all', async (t) => {
  const site = await newSite(t, postgres)
  await site.user('ada')
  const guess = (name: number) =>
    countAttempt(site.database, { username: `u${name}`, address: '127.0.0.1' }, site.time.now)
  let guesses = 0
  // each name as often as is allowed, 30 names and more
  for (; guesses < 30 * loginLimits.pair; guesses++) await guess(guesses % 30)
  assert.equal((await login(site, { username: 'ada', password })).statusCode, 200)
  for (; guesses < loginLimits.network; guesses++) await guess(guesses)
  const refused = await login(site, { username: 'ada', password })
  assert.deepEqual([refused.statusCode, refused.json().code], [429, 'AUTH_TOO_MANY_ATTEMPTS'])
  assert.equal((await login(site, { username: 'ada', password }, { 'x-forwarded-for': '192.0.2.1' })).statusCode, 200)
})

test('what a peer says of its client counts only from the ingress', async (t) => {
  const site = await newSite(t, postgres)
  await site.user('ada')
  const from = async (remoteAddress: string) => {
    const { headers } = await site.app.inject({
      method: 'POST',
      url: '/auth/basic/login',
      remoteAddress,
      headers: { 'x-forwarded-for': '6.6.6.6, 192.0.2.7' },
      payload: { username: 'ada', password },
    })
    assert.ok(headers['set-cookie'])
    const { rows } = await site.database.query<{ address: string }>('DELETE FROM sessions RETURNING address')
    return rows.map(({ address }) => address)
  }
  assert.deepEqual(await from('127.0.0.1'), ['192.0.2.7'])
  assert.deepEqual(await from('10.9.9.9'), ['10.9.9.9'])
})

test('hostile input is refused with one shape of error', async (t) => {
  const site = await newSite(t, postgres)
  await site.user('ada')
  const cases: [object | string, number][] = [
    [{}, 400],
    [{ username: 'ada' }, 400],
    [{ username: 'ada', password: 1 }, 400],
    [{ username: { $ne: '' }, password }, 400],
    [{ username: 'ada', password: 'x'.repeat(257) }, 400],
    [{ username: 'ada', password, role: 'site-admin' }, 400],
    ['{"username":"ada","__proto__":{"a":1}}', 400],
    ['{', 400],
    [{ username: 'ada', password: 'x'.repeat(70_000) }, 413],
  ]
  for (const [payload, status] of cases) {
    const answer = await site.app.inject({
      method: 'POST',
      url: '/auth/basic/login',
      headers: { 'content-type': 'application/json' },
      payload,
    })
    assert.equal(answer.statusCode, status, JSON.stringify(payload).slice(0, 80))
    assert.deepEqual(Object.keys(answer.json()).sort(), ['code', 'message'])
  }
  const form = await site.app.inject({
    method: 'POST',
    url: '/auth/basic/login',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    payload: 'username=ada',
  })
  assert.equal(form.statusCode, 415, 'no form of another site can log anyone in')
  for (const token of ['', 'x', `${'a'.repeat(43)}'--`, 'a'.repeat(43), '\u00e4'])
    assert.equal((await site.call(encodeURI(token), 'GET', '/api/v0/me')).statusCode, 401)
})
