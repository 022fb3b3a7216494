import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { connect } from 'node:tls'
import { follow } from '../../installer/src/wizard/face.ts'
import { emptyView, type Stamped, type View } from '../../installer/src/wizard/view.ts'
import { fakeWork, until } from '../unit/installer/wizard/fake-work.ts'
import { send, textOf, wizardSite } from './wizard-site.ts'

const changes = { changes: { '/host': 'changed.example' } }

test('who has the link comes in, once', async (t) => {
  const { ask, token, web } = await wizardSite(t)
  const link = await token()
  const first = await ask('POST', '/api/enter', { body: { token: link } })
  assert.equal(first.status, 200)
  assert.match(first.headers['set-cookie']?.[0] ?? '', /; Path=\/; Secure; HttpOnly; SameSite=Strict$/)
  assert.doesNotMatch(first.text, new RegExp(link))
  const replayed = await ask('POST', '/api/enter', { body: { token: link } })
  assert.deepEqual([replayed.status, replayed.code], [401, 'SESSION_TOKEN'])
  assert.match(web.fingerprint, /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/)
})

test('guessing a token costs time, and ends after ten', async (t) => {
  const { ask, token } = await wizardSite(t)
  const link = await token()
  const guesses: unknown[] = [
    '',
    'x',
    link.slice(1),
    `${link}x`,
    null,
    1,
    [link],
    { token: link },
    link.toLowerCase(),
    'y',
  ]
  const started = performance.now()
  for (const guess of guesses)
    assert.equal((await ask('POST', '/api/enter', { body: { token: guess } })).status, 401, JSON.stringify(guess))
  assert.ok(performance.now() - started > guesses.length * 250)
  const stopped = await ask('POST', '/api/enter', { body: { token: 'z' } })
  assert.deepEqual([stopped.status, stopped.code], [429, 'SESSION_LIMIT'])
})

test('no request changes anything without cookie, origin and header, and none from another site does', async (t) => {
  const { ask, enter, origin, session } = await wizardSite(t)
  const { cookie } = await enter()
  const other = await enter()
  const own = { cookie, body: changes }
  const refused: [number, string, Parameters<typeof ask>[2]][] = [
    [401, 'no cookie', { body: changes }],
    [401, 'a cookie that is none', { body: changes, cookie: 'x' }],
    [401, 'two cookies', { body: changes, headers: { cookie: `__Host-sealift=${cookie}; __Host-sealift=${cookie}` } }],
    [403, 'no origin', { ...own, headers: { origin: undefined } }],
    [403, 'a null origin', { ...own, headers: { origin: 'null' } }],
    [403, 'a foreign origin', { ...own, headers: { origin: 'https://evil.example' } }],
    [403, 'another port', { ...own, headers: { origin: 'https://127.0.0.1:1' } }],
    [403, 'plain HTTP', { ...own, headers: { origin: origin.replace('https', 'http') } }],
    [403, 'no header', { ...own, headers: { 'x-sealift': undefined } }],
    [403, 'another header', { ...own, headers: { 'x-sealift': '0' } }],
    [403, 'a rebound name', { ...own, headers: { host: 'evil.example', origin: 'https://evil.example' } }],
    [403, 'a name in front', { ...own, headers: { host: '127.0.0.1@evil.example' } }],
    [403, 'a cross-site fetch', { ...own, headers: { 'sec-fetch-site': 'cross-site' } }],
    [403, 'a sibling', { ...own, headers: { 'sec-fetch-site': 'same-site' } }],
    [400, 'a form', { ...own, headers: { 'content-type': 'text/plain' } }],
    [400, 'a form', { ...own, headers: { 'content-type': 'application/x-www-form-urlencoded' } }],
    [409, 'one who watches', { ...own, cookie: other.cookie }],
  ]
  for (const [status, name, change] of refused) {
    const reply = await ask('POST', '/api/answer', change)
    assert.equal(reply.status, status, `${name}: ${reply.text}`)
    assert.equal(reply.headers['access-control-allow-origin'], undefined)
  }
  const face = await session.enter({ kind: 'terminal', label: 'terminal' })
  assert.equal((await face.view()).draft.host, 'cde.example')
  assert.equal((await ask('POST', '/api/answer', own)).status, 200)
  assert.equal((await face.view()).draft.host, 'changed.example')
})

test('nothing is read without a cookie or by a rebound name, and no preflight is answered', async (t) => {
  const { ask, enter } = await wizardSite(t)
  const { cookie } = await enter()
  for (const path of ['/api/view', '/api/events', '/api/answers.yaml', '/api/report.json', '/api/report.html']) {
    assert.equal((await ask('GET', path)).status, 401, path)
    for (const host of ['evil.example', 'evil.example:443', '127.0.0.1.evil.example', '[::2]', 'a b'])
      assert.equal((await ask('GET', path, { cookie, headers: { host } })).status, 403, `${path} ${host}`)
    const foreign = await ask('GET', path, { cookie, headers: { origin: 'https://evil.example' } })
    assert.equal(foreign.status, 403)
  }
  const preflight = await ask('OPTIONS', '/api/answer', { headers: { 'access-control-request-method': 'POST' } })
  assert.equal(preflight.status, 404)
  for (const host of ['localhost', 'LOCALHOST:7443', '127.0.0.1:9000', '[::1]:1'])
    assert.equal((await ask('GET', '/api/view', { cookie, headers: { host } })).status, 200, host)
})

test('a path is a name in a list', async (t) => {
  const { ask, enter, origin } = await wizardSite(t)
  const { cookie } = await enter()
  const paths = [
    '/../package.json',
    '/assets/../../draft.json',
    '/assets/%2e%2e/%2e%2e/draft.json',
    '/assets/..%2f..%2fdraft.json',
    '//etc/passwd',
    '/assets/',
    '/assets/main-abc.js/',
    '/constructor',
    '/__proto__',
    '/api',
    '/api/',
    '/api/constructor',
    '/api/../index.html',
    `${origin}/api/view`,
    '*',
  ]
  for (const path of paths) assert.equal((await ask('GET', path, { cookie })).status, 404, path)
  assert.equal((await ask('GET', '/api/constructor', { cookie })).code, 'SESSION_ROUTE')
  for (const method of ['PUT', 'DELETE', 'PATCH']) {
    const { status, code } = await ask(method, '/api/answer', { cookie, body: changes })
    assert.deepEqual([status, code], [404, 'SESSION_ROUTE'], method)
  }
  assert.equal((await ask('POST', '/', { cookie, body: {} })).status, 404)
})

test('every answer is for the wizard’s own pages alone', async (t) => {
  const { ask, enter } = await wizardSite(t)
  const { cookie } = await enter()
  for (const path of ['/', '/assets/main-abc.js', '/nothing', '/api/view', '/api/nothing']) {
    const { headers } = await ask('GET', path, { cookie })
    const policy = String(headers['content-security-policy'])
    assert.match(policy, /default-src 'none'/)
    assert.doesNotMatch(policy, /unsafe|https?:/)
    assert.match(policy, /frame-ancestors 'none'/)
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.equal(headers['referrer-policy'], 'no-referrer')
    assert.equal(headers['strict-transport-security'], undefined)
  }
  assert.match(String((await ask('GET', '/assets/main-abc.js')).headers['cache-control']), /immutable/)
  assert.equal((await ask('GET', '/api/view', { cookie })).headers['cache-control'], 'no-store')
})

test('uploads stay in their place, whatever they are called, and are never the bundle', async (t) => {
  const { ask, enter, session } = await wizardSite(t)
  const { cookie } = await enter()
  const upload = (pointer: string, name: string, body: Buffer) =>
    ask('POST', `/api/upload?${new URLSearchParams({ pointer, name })}`, {
      cookie,
      body,
      headers: { 'content-type': 'application/octet-stream' },
    })
  for (const name of [
    '../../../evil',
    '/etc/passwd',
    '..',
    '',
    '.bashrc',
    'a\0b',
    'x'.repeat(5000),
    'naïve/../ключ.pem',
    '-rf',
  ]) {
    const { status, text } = await upload('/license', name, Buffer.from('content'))
    assert.equal(status, 200, text)
    const { path } = JSON.parse(text) as { path: string }
    assert.match(path.slice(join(session.directory, 'uploads/').length), /^license-[0-9a-f]{8}-[\w][\w.-]{0,60}$/)
  }
  // those of before are gone: the answer names one
  assert.equal((await readdir(join(session.directory, 'uploads'))).length, 1)
  for (const pointer of ['/bundle', '/host', '/nothing', '/__proto__', '', '/trust/0'])
    assert.equal((await upload(pointer, 'x', Buffer.from('x'))).status, 400, pointer)
  assert.equal((await upload('/license', 'x', Buffer.alloc(0))).code, 'SESSION_UPLOAD')
  assert.equal((await upload('/license', 'x', Buffer.alloc((1 << 20) + 1))).status, 413)
})

test('a body that is too large, too deep or not JSON is refused, and costs nobody else anything', async (t) => {
  const { ask, enter } = await wizardSite(t)
  const { cookie } = await enter()
  const bodies: [number, Buffer][] = [
    [413, Buffer.alloc(2 << 20, ' ')],
    [400, Buffer.from('['.repeat(100_000))],
    [400, Buffer.from(`{"changes":{"/values":${'{"a":'.repeat(200)}1${'}'.repeat(200)}}}`)],
    [400, Buffer.from('{"changes":{},"changes":{"/host":"x"}}')],
    [400, Buffer.from('{"changes":{"/values":{"__proto__":{"x":1}}}}')],
    [400, Buffer.from([0x7b, 0xff, 0x7d])],
    [400, Buffer.from('[]')],
    [400, Buffer.from('null')],
    [400, Buffer.from('{"changes":[]}')],
    [
      400,
      Buffer.from(JSON.stringify({ changes: Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`/${i}`, 1])) })),
    ],
  ]
  for (const [status, body] of bodies)
    assert.equal((await ask('POST', '/api/answer', { cookie, body })).status, status, body.subarray(0, 60).toString())
  for (const [path, body] of [
    ['/api/page', { page: 'nothing' }],
    ['/api/page', { page: '__proto__' }],
    ['/api/look', { look: 'constructor' }],
  ] as const)
    assert.equal((await ask('POST', path, { cookie, body })).code, 'SESSION_REQUEST')
  const yaml = { 'content-type': 'application/yaml' }
  for (const body of ['a: *b', '&a [*a]', '- 1\n--- \n- 2', `${'['.repeat(5000)}`, '\xff'])
    assert.equal(
      (await ask('POST', '/api/import', { cookie, body: Buffer.from(body, 'latin1'), headers: yaml })).status,
      400,
    )
  assert.equal((await ask('GET', '/api/view', { cookie })).status, 200)
})

test('one who sends slowly is cut off', async (t) => {
  const { web, enter, ask } = await wizardSite(t, {}, { headers: 400, request: 800 })
  const { cookie } = await enter()
  const { host, port } = web.address
  for (const start of [
    'GET / HTT',
    `POST /api/answer HTTP/1.1\r\nhost: ${host}:${port}\r\norigin: https://${host}:${port}\r\nx-sealift: 1\r\ncookie: __Host-sealift=${cookie}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{`,
  ]) {
    const socket = connect({ host, port, rejectUnauthorized: false })
    socket.on('error', () => {})
    await once(socket, 'secureConnect')
    socket.write(start)
    socket.resume()
    await once(socket, 'close')
  }
  assert.equal((await ask('GET', '/api/view', { cookie })).status, 200)
})

test('one address has so many connections and no more', async (t) => {
  const { web } = await wizardSite(t, {}, { connectionsOfOne: 4 })
  const { host, port } = web.address
  const sockets = Array.from({ length: 4 }, () =>
    connect({ host, port, rejectUnauthorized: false }).on('error', () => {}),
  )
  t.after(() => sockets.map((socket) => socket.destroy()))
  await Promise.all(sockets.map((socket) => once(socket, 'secureConnect')))
  const fifth = connect({ host, port, rejectUnauthorized: false })
  await assert.rejects(once(fifth, 'secureConnect'))
  sockets[0]?.destroy()
  await once(sockets[0] as (typeof sockets)[0], 'close')
})

test('events come as they happen, after a break from where it was, and streams are few', async (t) => {
  const work = fakeWork(() => new Promise((resolve) => setTimeout(resolve, 50)))
  const { web, enter, ask, session } = await wizardSite(t, { work })
  const { cookie } = await enter()
  const { host, port } = web.address
  const stream = (after: number) =>
    send({ host, port, path: `/api/events?after=${after}`, headers: { cookie: `__Host-sealift=${cookie}` } })
  const first = await stream(0)
  assert.equal(first.headers['content-type'], 'text/event-stream')
  let view: View = emptyView
  let rest = ''
  first.setEncoding('utf8').on('data', (text: string) => {
    const messages = (rest + text).split('\n\n')
    rest = messages.pop() ?? ''
    for (const message of messages) {
      const data = /^data: (.*)$/m.exec(message)?.[1]
      if (data === undefined) continue
      const value = JSON.parse(data)
      view = follow(view, message.startsWith('event: view') ? { type: 'view', view: value } : (value as Stamped))
    }
  })
  assert.equal((await ask('POST', '/api/install', { cookie, body: {} })).status, 202)
  const face = await session.enter({ kind: 'terminal', label: 'terminal' })
  const done = await until(face, ({ phase, page }) => phase === 'done' && page === 'done')
  await until(face, () => view.phase === 'done' && view.page === 'done')
  assert.deepEqual(view.stages, done.stages)

  const open = [first]
  for (let i = 1; i < 4; i++) open.push(await stream(0))
  assert.equal((await stream(0)).statusCode, 429)
  for (const response of open) response.destroy()
})

test('when the session ends, streams end with what was said last, and the port is closed', async (t) => {
  const { web, enter, session } = await wizardSite(t)
  const { cookie } = await enter()
  const { host, port } = web.address
  const response = await send({ host, port, path: '/api/events', headers: { cookie: `__Host-sealift=${cookie}` } })
  const text = textOf(response)
  await session.close()
  assert.match(await text, /event: view/)
  await assert.rejects(send({ host, port, path: '/' }), { code: 'ECONNREFUSED' })
})

test('a browser closes the wizard, but no one who watches does, and not while something runs', async (t) => {
  const work = fakeWork(() => new Promise(() => {}))
  const { ask, enter, web } = await wizardSite(t, { work })
  const { cookie } = await enter()
  const other = await enter()
  assert.equal((await ask('POST', '/api/close', { cookie: other.cookie, body: {} })).code, 'SESSION_STEERED')
  assert.equal((await ask('POST', '/api/steer', { cookie: other.cookie, body: {} })).code, 'SESSION_STEERED')
  await ask('POST', '/api/install', { cookie, body: {} })
  assert.equal((await ask('POST', '/api/close', { cookie, body: {} })).code, 'SESSION_BUSY')
  assert.equal((await ask('POST', '/api/install', { cookie, body: {} })).code, 'SESSION_BUSY')
  await ask('POST', '/api/stop', { cookie, body: {} })
  for (;;) {
    const { phase, failure } = JSON.parse((await ask('GET', '/api/view', { cookie })).text).view as View
    if (phase === 'failed') {
      assert.equal(failure?.code, 'USAGE_INTERRUPTED')
      break
    }
  }
  assert.equal((await ask('POST', '/api/close', { cookie, body: {} })).status, 204)
  await web.closed
})

test('while answers are missing nothing starts, and each fault is named', async (t) => {
  const { ask, enter } = await wizardSite(t)
  const { cookie } = await enter()
  await ask('POST', '/api/answer', { cookie, body: { changes: { '/host': null, '/license': null } } })
  const { status, text } = await ask('POST', '/api/install', { cookie, body: {} })
  assert.equal(status, 409)
  assert.deepEqual(Object.keys(JSON.parse(text).faults).sort(), ['/host', '/license'])
})

test('an invitation lets in one more browser, which watches', async (t) => {
  const { ask, enter, web } = await wizardSite(t)
  const { cookie } = await enter()
  const { url, fingerprint } = JSON.parse((await ask('POST', '/api/invite', { cookie, body: {} })).text)
  assert.equal(fingerprint, web.fingerprint)
  const entered = await ask('POST', '/api/enter', { body: { token: url.split('#')[1] } })
  const { view, face } = JSON.parse(entered.text)
  assert.equal(view.faces.length, 2)
  assert.notEqual(view.steering, face)
  assert.equal((await ask('POST', '/api/invite', { body: {} })).status, 401)
})
