import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ann, devHost, eve, pairOf, sendTo, siteUrl, startDevUrls } from './dev-url-site.ts'

const code = (answer: { status: number; body: string }) => `${answer.status} ${JSON.parse(answer.body).code}`
const own = `https://${ann.label}.${devHost}`

test('a visitor goes to the manager and comes back with a ticket, for which there is a cookie of this host', async (t) => {
  const site = await startDevUrls(t, (_request, answer) => answer.end('page'))
  const away = await site.send(ann.label, '/a?b=c')
  assert.equal(away.status, 302)
  const to = new URL(String(away.headers.location))
  assert.deepEqual([to.origin, to.pathname], [siteUrl, '/auth/dev-url'])
  assert.deepEqual([to.searchParams.get('label'), to.searchParams.get('to')], [ann.label, '/a?b=c'])
  assert.match(
    String(away.headers['set-cookie']),
    /^__Host-cde_login=[\w-]{43}; Max-Age=600; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
  )
  const cookie = pairOf(away.headers)
  assert.notEqual(to.searchParams.get('state'), cookie.split('=')[1], 'the manager never has the browser’s half')
  const again = await site.send(ann.label, '/', { cookie })
  assert.equal(pairOf(again.headers), cookie, 'tabs that are opened at once do not disturb each other')
  const ticket = await site.ticket({ state: to.searchParams.get('state') })
  const back = await site.send(ann.label, `/.cde/enter?ticket=${ticket}&to=${encodeURIComponent('/a?b=c')}`, { cookie })
  assert.deepEqual([back.status, back.headers.location], [302, '/a?b=c'])
  assert.equal(back.headers['referrer-policy'], 'no-referrer')
  assert.match(
    String(back.headers['set-cookie']),
    /^__Host-cde_visitor=[\w.-]+; Max-Age=43200; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
  )
  assert.equal((await site.send(ann.label, '/a?b=c', { cookie: pairOf(back.headers) })).body, 'page')
  assert.deepEqual(
    site.reached.map(({ url }) => url),
    ['/a?b=c'],
  )
})

test('a ticket is good once, in the browser that asked, at its own dev URL', async (t) => {
  const site = await startDevUrls(t, (_request, answer) => answer.end('page'))
  const { cookie, state } = await site.begin()
  const use = (ticket: string, headers: Record<string, string> = { cookie }, label = ann.label) =>
    site.send(label, `/.cde/enter?ticket=${ticket}&to=/`, headers)
  const ticket = await site.ticket({ state })
  const stranger = await site.begin()
  assert.equal(code(await use(ticket, {})), '403 TICKET_BROWSER')
  assert.equal(code(await use(ticket, { cookie: stranger.cookie })), '403 TICKET_BROWSER')
  assert.equal(code(await use(ticket, { cookie }, eve.label)), '403 TICKET_ELSEWHERE')
  assert.equal(code(await use(ticket, { cookie }, '8000-nothing-here')), '403 TICKET_ELSEWHERE')
  assert.equal((await use(ticket)).status, 302)
  assert.equal(code(await use(ticket)), '401 TICKET_USED')
  assert.equal(code(await use(await site.ticket({ state, devUrl: 'anotherone' }))), '403 TICKET_ELSEWHERE')
  assert.equal(code(await use(await site.ticket({ state }, 'envproxy'))), '401 TICKET_INVALID', 'an editor’s')
  assert.equal(code(await use('nonsense')), '401 TICKET_INVALID')
  assert.equal(code(await site.send(ann.label, '/.cde/enter', {}, 'POST')), '405 METHOD_UNKNOWN')
  assert.equal(site.reached.length, 0)
})

test('nobody is sent to another site', async (t) => {
  const site = await startDevUrls(t, (_request, answer) => answer.end('page'))
  const { cookie, state } = await site.begin()
  for (const to of [
    '//evil.example/',
    '/\\evil.example',
    'https://evil.example/',
    '/\t/evil.example',
    '',
    'x',
    '/a\r\nb: c',
  ]) {
    const ticket = await site.ticket({ state })
    const answer = await site.send(ann.label, `/.cde/enter?${new URLSearchParams({ ticket, to })}`, { cookie })
    assert.deepEqual([answer.status, answer.headers.location], [302, '/'], JSON.stringify(to))
  }
  for (const path of ['//evil.example/', '/\\evil.example']) {
    const answer = await site.send(ann.label, path)
    assert.equal(new URL(String(answer.headers.location)).searchParams.get('to'), '/', path)
  }
})

test('a cookie of one dev URL opens no other, nor another one that has its name later', async (t) => {
  const site = await startDevUrls(t, (_request, answer) => answer.end('page'))
  const cookie = await site.enter()
  assert.equal((await site.send(eve.label, '/', { cookie })).status, 302)
  assert.equal((await site.send(eve.label, '/', { cookie: await site.enter(eve, 'eve') })).status, 200)
  assert.equal((await site.send(ann.label, '/', { cookie: await site.enter(eve, 'eve') })).status, 302)
  for (const forged of [`${cookie}x`, '__Host-cde_visitor=', '__Host-cde_visitor=a.b.c'])
    assert.equal((await site.send(ann.label, '/', { cookie: forged })).status, 302, forged)
  site.manager.known.set(ann.label, { ...ann, id: 'devurlann2' })
  await sleep(120)
  assert.equal((await site.send(ann.label, '/', { cookie })).status, 302)
  assert.equal(site.reached.length, 1)
})

test('the workspace sees its visitors without anything of the site, and sets cookies for itself alone', async (t) => {
  const site = await startDevUrls(t, (_request, answer) => {
    answer.writeHead(200, [
      ['Set-Cookie', 'mine=1; Domain=example; Path=/; HttpOnly'],
      ['Set-Cookie', '__Host-cde_visitor=forged; Path=/; Secure'],
      ['Set-Cookie', '__Host-cde_login=forged; Domain=dev.example'],
      ['Clear-Site-Data', '"cookies"'],
      ['Strict-Transport-Security', 'max-age=0'],
      ['Location', 'https://elsewhere.example/'],
      ['Service-Worker-Allowed', '/'],
    ] as never)
    answer.end('page')
  })
  const token = 't'.repeat(43)
  const cookie = `mine=0; session_token=${token}; ${await site.enter()}`
  const { headers } = await site.send(ann.label, '/a%2F..?b=%20', {
    cookie,
    authorization: 'Bearer of.the.app',
    'session-token': token,
    'x-forwarded-for': '10.0.0.1',
    'x-forwarded-user': 'admin',
    connection: 'x-own',
    'x-own': 'hop',
  })
  const [seen] = site.reached
  assert.equal(seen?.url, '/a%2F..?b=%20')
  assert.equal(seen?.headers.cookie, 'mine=0')
  assert.equal(seen?.headers.host, `${ann.label}.${devHost}`)
  assert.equal(seen?.headers.authorization, 'Bearer of.the.app')
  assert.equal(seen?.headers['x-forwarded-for'], '10.0.0.1')
  for (const name of ['session-token', 'x-forwarded-user', 'x-own']) assert.equal(seen?.headers[name], undefined, name)
  assert.deepEqual(headers['set-cookie'], ['mine=1; Path=/; HttpOnly'])
  assert.equal(headers.location, 'https://elsewhere.example/')
  assert.equal(headers['service-worker-allowed'], '/', 'its pages are an origin of their own')
  for (const name of ['clear-site-data', 'strict-transport-security']) assert.equal(headers[name], undefined, name)
  await site.send(ann.label, '/', { cookie, authorization: `Bearer cde_${token}` })
  assert.equal(site.reached[1]?.headers.authorization, undefined, 'an API key of the site')
})

test('no name below the host of dev URLs is served as the site, and no other name as a dev URL', async (t) => {
  const site = await startDevUrls(t, (request, answer) => answer.end(`workspace ${request.url}`))
  const cookie = await site.enter()
  for (const path of ['/healthz', '/metrics', '/proxy/workspaces/abcde12345/shell'])
    assert.equal((await site.send(ann.label, path, { cookie })).body, `workspace ${path}`)
  for (const host of [devHost, `www.${devHost}`, `x.${ann.label}.${devHost}`, `${ann.label}.${devHost}.`]) {
    assert.equal(code(await sendTo(site.port, '/healthz', { host, cookie })), '404 DEV_URL_UNKNOWN', host)
    const socket = await site.socket(ann.label, { host, cookie, origin: `https://${host}` })
    assert.equal('status' in socket && socket.status, 404, host)
  }
  const elsewhere = { host: 'cde.example', 'x-forwarded-host': `${ann.label}.${devHost}`, cookie }
  assert.equal(code(await sendTo(site.port, '/', elsewhere)), '404 ROUTE_UNKNOWN')
  const twice = ['Host', `${ann.label}.${devHost}`, 'Host', `${eve.label}.${devHost}`, 'Cookie', cookie]
  assert.equal(code(await sendTo(site.port, '/', twice)), '400 REQUEST_MALFORMED')
  // what HTTP clients do not send
  const raw = connect(site.port, '127.0.0.1')
  t.after(() => raw.destroy())
  raw.end(
    `GET http://${eve.label}.${devHost}/ HTTP/1.1\r\nHost: ${ann.label}.${devHost}\r\nCookie: ${cookie}\r\nConnection: close\r\n\r\n`,
  )
  const [chunk] = await once(raw, 'data')
  assert.match(String(chunk), /^HTTP\/1.1 400 /)
})

test('pages of other dev URLs can neither write, read, load nor frame with the cookie; links lead there', async (t) => {
  const site = await startDevUrls(t, (_request, answer) => answer.end('page'))
  const cookie = await site.enter()
  const foreign = `https://${eve.label}.${devHost}`
  const status = async (headers: Record<string, string>, method = 'GET') =>
    (await site.send(ann.label, '/', { cookie, ...headers }, method)).status
  assert.equal(await status({ origin: foreign }, 'POST'), 403)
  assert.equal(await status({ origin: 'null' }, 'POST'), 403)
  assert.equal(await status({ origin: 'null', 'sec-fetch-site': 'same-site' }, 'POST'), 403)
  assert.equal(await status({ origin: 'null', 'sec-fetch-site': 'same-origin' }, 'POST'), 200, 'Referrer-Policy')
  assert.equal(await status({ origin: foreign }), 403)
  assert.equal(await status({ origin: own }, 'POST'), 200)
  const from = (site: string, mode: string, dest: string) => ({
    'sec-fetch-site': site,
    'sec-fetch-mode': mode,
    'sec-fetch-dest': dest,
  })
  assert.equal(await status(from('same-site', 'no-cors', 'script')), 403)
  assert.equal(await status(from('cross-site', 'no-cors', 'image')), 403)
  assert.equal(await status(from('same-site', 'navigate', 'iframe')), 403)
  assert.equal(await status(from('same-site', 'navigate', 'document')), 200)
  assert.equal(await status(from('same-origin', 'no-cors', 'script')), 200)
  const anonymous = await site.send(ann.label, '/', from('same-origin', 'cors', 'empty'))
  assert.equal(code(anonymous), '401 DEV_URL_LOGIN', 'a script gets an answer that it can read')
})

test('a WebSocket is for the dev URL’s own pages; where it is public, for any', async (t) => {
  const site = await startDevUrls(t, (_request, answer) => answer.end())
  const cookie = await site.enter()
  const foreign = `https://${eve.label}.${devHost}`
  const refused = async (headers: Record<string, string>, label = ann.label) => {
    const result = await site.socket(label, headers)
    if (!('status' in result)) throw new Error('was let in')
    return `${result.status} ${result.body.code}`
  }
  assert.equal(await refused({ cookie, origin: foreign }), '403 ORIGIN_FOREIGN')
  assert.equal(await refused({ cookie }), '403 ORIGIN_FOREIGN')
  assert.equal(await refused({ origin: own }), '401 DEV_URL_LOGIN')
  assert.equal(await refused({ origin: own, cookie }, eve.label), '401 DEV_URL_LOGIN')
  assert.equal(site.reached.length, 0)
  const mine = await site.socket(ann.label, { cookie: `mine=1; ${cookie}`, origin: own })
  assert.ok('websocket' in mine)
  mine.websocket.send('hello')
  assert.equal(String((await once(mine.websocket, 'message'))[0]), 'hello')
  mine.websocket.terminate()
  const [seen] = site.reached
  assert.deepEqual([seen?.url, seen?.headers.cookie, seen?.headers.origin], ['/live?a=b', 'mine=1', own])
  site.manager.known.set(ann.label, { ...ann, access: 'public' })
  await sleep(120)
  const any = await site.socket(ann.label, { origin: foreign })
  assert.ok('websocket' in any)
  any.websocket.terminate()
})

test('what is public needs no login; when it is closed, pages and WebSockets end', async (t) => {
  const site = await startDevUrls(t, (_request, answer) => answer.end('page'), { maxSessionsPerUser: 1 })
  site.manager.known.set(ann.label, { ...ann, access: 'public' })
  assert.equal((await site.send(ann.label, '/', { origin: 'https://any.example' }, 'POST')).body, 'page')
  const first = await site.socket(ann.label, {})
  assert.ok('websocket' in first)
  const second = await site.socket(ann.label, {})
  assert.ok('status' in second && second.status === 429, 'strangers share the places of one user')
  assert.deepEqual(site.used, [], 'strangers do not keep a workspace running')
  const closed = once(first.websocket, 'close')
  site.manager.known.set(ann.label, { ...ann })
  await closed
  await sleep(120)
  assert.equal((await site.send(ann.label, '/')).status, 302)
})

test('access that the manager withdraws ends WebSockets, and sends people to the login again', async (t) => {
  const site = await startDevUrls(t, (_request, answer) => answer.end('page'))
  const cookie = await site.enter()
  const opened = await site.socket(ann.label, { cookie, origin: own })
  assert.ok('websocket' in opened)
  const closed = once(opened.websocket, 'close')
  site.manager.may = () => false
  await closed
  assert.equal((await site.send(ann.label, '/', { cookie })).status, 302)
  const script = await site.send(ann.label, '/', { cookie, 'sec-fetch-mode': 'cors', 'sec-fetch-site': 'same-origin' })
  assert.equal(code(script), '403 ACCESS_DENIED')
})

test('a manager that is away costs new requests after a while, and no open WebSocket', async (t) => {
  const site = await startDevUrls(t, (_request, answer) => answer.end('page'))
  const cookie = await site.enter()
  const opened = await site.socket(ann.label, { cookie, origin: own })
  assert.ok('websocket' in opened)
  site.manager.away = true
  assert.equal((await site.send(ann.label, '/', { cookie })).status, 200)
  await sleep(400)
  assert.equal(code(await site.send(ann.label, '/', { cookie })), '503 MANAGER_UNREACHABLE')
  assert.equal(opened.websocket.readyState, opened.websocket.OPEN)
  opened.websocket.terminate()
})

test('opening a page and sending something is use of a workspace; what a page fetches by itself is not', async (t) => {
  const site = await startDevUrls(t, (_request, answer) => answer.end('page'))
  const cookie = await site.enter()
  const fetched = { 'sec-fetch-mode': 'cors', 'sec-fetch-site': 'same-origin' }
  await site.send(ann.label, '/poll', { cookie, ...fetched })
  assert.deepEqual(site.used, [])
  await site.send(ann.label, '/', { cookie, 'sec-fetch-mode': 'navigate', 'sec-fetch-site': 'none' })
  await site.send(ann.label, '/', { cookie, origin: own, ...fetched }, 'POST', 'x')
  assert.deepEqual(site.used, [ann.workspace, ann.workspace])
})

test('a dev URL that does not answer takes its own places only', async (t) => {
  const waiting: (() => void)[] = []
  const site = await startDevUrls(
    t,
    (request, answer) => {
      if (request.url === '/slow') waiting.push(() => answer.end('at last'))
      else answer.end('page')
    },
    { maxRequestsPerDevUrl: 2 },
  )
  for (const one of [ann, eve]) site.manager.known.set(one.label, { ...one, access: 'public' })
  const slow = [site.send(ann.label, '/slow'), site.send(ann.label, '/slow')]
  while (waiting.length < 2) await sleep(10)
  assert.equal(code(await site.send(ann.label, '/')), '429 SESSIONS_USER')
  assert.equal((await site.send(eve.label, '/')).body, 'page')
  for (const end of waiting) end()
  assert.deepEqual(
    (await Promise.all(slow)).map(({ body }) => body),
    ['at last', 'at last'],
  )
  assert.equal((await site.send(ann.label, '/')).body, 'page')
})

test('one user has so many requests under way at all addresses, and takes none from who is not logged in', async (t) => {
  const waiting: (() => void)[] = []
  const site = await startDevUrls(
    t,
    (request, answer) => {
      if (request.url === '/slow') waiting.push(() => answer.end('at last'))
      else answer.end('page')
    },
    { maxRequestsPerUser: 2 },
  )
  const cookie = await site.enter()
  const slow = [site.send(ann.label, '/slow', { cookie }), site.send(ann.label, '/slow', { cookie })]
  while (waiting.length < 2) await sleep(10)
  assert.equal(code(await site.send(ann.label, '/', { cookie })), '429 SESSIONS_USER')
  site.manager.known.set(eve.label, { ...eve, access: 'public' })
  assert.equal((await site.send(eve.label, '/')).body, 'page')
  for (const end of waiting) end()
  await Promise.all(slow)
  assert.equal((await site.send(ann.label, '/', { cookie })).body, 'page')
})

test('what a request says of its client reaches a workspace only where the ingress said it', async (t) => {
  const site = await startDevUrls(t, (_request, answer) => answer.end('page'), { trusts: () => false })
  const cookie = await site.enter()
  const claims = {
    'x-forwarded-for': '10.0.0.1',
    'X-Forwarded-Host': 'evil.example',
    'x-forwarded-proto': 'https',
    'x-real-ip': '10.0.0.1',
    forwarded: 'for=10.0.0.1',
  }
  await site.send(ann.label, '/', { cookie, accept: '*/*', ...claims })
  const socket = await site.socket(ann.label, { cookie, origin: `https://${ann.label}.${devHost}`, ...claims })
  assert.ok('websocket' in socket)
  socket.websocket.terminate()
  assert.equal(site.reached.length, 2)
  for (const seen of site.reached) {
    assert.equal(seen?.headers.host, `${ann.label}.${devHost}`)
    for (const name of Object.keys(claims)) assert.equal(seen?.headers[name.toLowerCase()], undefined, name)
  }
})
