import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { exchange, startDoors } from './doors-site.ts'
import { fuzz, type Random } from './random.ts'

const ok = 'HTTP/1.1 200 OK\r\n'
const empty = 'Content-Length: 0\r\n\r\n'

/** Answers of a workspace that end with 502 and a code of ours. */
const refused: Record<string, string | Buffer> = {
  'status 000': `HTTP/1.1 000 Zero\r\n${empty}`,
  'status 099': `HTTP/1.1 099 Low\r\n${empty}`,
  'status 600': `HTTP/1.1 600 High\r\n${empty}`,
  'status 999': `HTTP/1.1 999 Highest\r\n${empty}`,
  'status of four digits': `HTTP/1.1 1000 Long\r\n${empty}`,
  'negative status': `HTTP/1.1 -20 Negative\r\n${empty}`,
  'a switch of protocols that nobody asked for': 'HTTP/1.1 101 Other\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nbytes',
  '101 without an upgrade': 'HTTP/1.1 101 Nothing\r\n\r\n',
  '100 and then nothing': 'HTTP/1.1 100 Continue\r\n\r\n',
  'early hints and then nothing': 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n',
  nothing: '',
  'no HTTP': 'SSH-2.0-OpenSSH_10.0\r\n',
  'a header name with a space': `${ok}A b: c\r\n${empty}`,
  'a header without a name': `${ok}: c\r\n${empty}`,
  'a NUL in a header': `${ok}A: b\0c\r\n${empty}`,
  'a control character in a header': `${ok}A: b\x01c\r\n${empty}`,
  'a carriage return in a header': `${ok}A: b\rB: c\r\n${empty}`,
  'a folded header': `${ok}A: b\r\n c: d\r\n${empty}`,
  'line feeds alone': 'HTTP/1.1 200 OK\nA: b\n\n',
  'two lengths': `${ok}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`,
  'a length that is no number': `${ok}Content-Length: 1e3\r\n\r\n`,
  'a length beyond 64 bits': `${ok}Content-Length: 99999999999999999999999\r\n\r\n`,
  'a length and chunks': `${ok}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  'a broken first chunk': `${ok}Transfer-Encoding: chunked\r\n\r\nzz\r\n`,
  'too many headers': `${ok}${'A: b\r\n'.repeat(300)}${empty}`,
  'too large headers': `${ok}A: ${'b'.repeat(20_000)}\r\n${empty}`,
}

/** Answers that a client gets, though they are odd, and what of them it gets. */
const passed: Record<string, [bytes: string | Buffer, client: RegExp]> = {
  'status 599': [`HTTP/1.1 599 Odd\r\n${empty}`, /^HTTP\/1\.1 599 /],
  'early hints first': [`HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${ok}${empty}`, /^HTTP\/1\.1 200 /],
  'a thousand early hints first': [`${'HTTP/1.1 103 Hint\r\n\r\n'.repeat(1000)}${ok}${empty}`, /^HTTP\/1\.1 200 /],
  '100-continue that nobody asked for': [`HTTP/1.1 100 Continue\r\n\r\n${ok}${empty}`, /^HTTP\/1\.1 200 /],
  'names of object properties': [`${ok}__proto__: a\r\nconstructor: b\r\n${empty}`, /^HTTP\/1\.1 200 /],
  'bytes above ASCII': [Buffer.from(`${ok}A: \xff\x80\r\n${empty}`, 'latin1'), /\r\nA: \xff\x80\r\n/],
  'a second answer behind the first': [`${ok}${empty}HTTP/1.1 500 Second\r\n${empty}`, /^HTTP\/1\.1 200 (?!.*HTTP)/s],
  'trailers that were announced': [
    `${ok}Trailer: A\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nA: b\r\n\r\n`,
    /^HTTP\/1\.1 200 (?!.*A: b)/s,
  ],
  'a body that may not be there': [`HTTP/1.1 204 None\r\nContent-Length: 4\r\n\r\nbody`, /^HTTP\/1\.1 204 (?!.*body)/s],
}

test('what is no sound HTTP becomes 502, closes that one connection and harms nobody else', async (t) => {
  const site = await startDoors(t)
  for (const door of [
    'dev URL',
    'dev URL, POST',
    'dev URL, WebSocket',
    'editor',
    'editor, WebSocket',
    'terminal',
  ] as const)
    for (const [name, bytes] of Object.entries(refused)) {
      const answer = await site.through(door, bytes)
      assert.match(
        answer,
        /^HTTP\/1\.1 502 .*\r\nconnection: close\r\n.*"code":"WORKSPACE_[A-Z]+"/is,
        `${door}: ${name}`,
      )
      await site.unharmed()
    }
})

test('what is merely odd passes, without what a workspace may not send', async (t) => {
  const site = await startDoors(t)
  for (const [name, [bytes, client]] of Object.entries(passed)) {
    assert.match(await site.through('dev URL', bytes), client, name)
    await site.unharmed()
  }
})

test('a body that breaks ends the connection, so that nobody takes it for whole', async (t) => {
  const site = await startDoors(t)
  const chunked = `${ok}Transfer-Encoding: chunked\r\n\r\n`
  for (const bytes of [`${chunked}1\r\na\r\n`, `${ok}Content-Length: 9\r\n\r\nabc`]) {
    const answer = await site.through('dev URL', bytes)
    assert.doesNotMatch(answer, /\r\n0\r\n\r\n$/)
    await site.unharmed()
  }
})

test('no handshake but the right one is passed on', async (t) => {
  const site = await startDoors(t)
  const accept = (head: string): string => {
    const key = /sec-websocket-key: (.*)\r\n/i.exec(head)?.[1] ?? ''
    return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  }
  const answered = (extra: string) => (head: string) =>
    Buffer.from(
      `HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept(head)}\r\n${extra}\r\n`,
      'latin1',
    )
  for (const door of ['dev URL, WebSocket', 'editor, WebSocket', 'terminal'] as const) {
    assert.match(await site.through(door, answered('Set-Cookie: a=b\r\n')), /^HTTP\/1\.1 101 (?!.*cookie)/is)
    for (const extra of [
      'Sec-WebSocket-Protocol: \xff\xfe\r\n',
      `Sec-WebSocket-Extensions: ${'x'.repeat(2000)}\r\n`,
      'Sec-WebSocket-Accept: other\r\n',
    ])
      assert.match(await site.through(door, answered(extra)), /^HTTP\/1\.1 502 .*WORKSPACE_REFUSED/s, extra)
    await site.unharmed()
  }
})

test('no pseudo-random answer of a workspace harms anybody else', async (t) => {
  const site = await startDoors(t)
  const doors = Object.keys(site.requests) as (keyof typeof site.requests)[]
  await fuzz(200, async (random) => {
    const answer = await site.through(random.of(doors), randomAnswer(random))
    assert.match(answer, /^HTTP\/1\.1 (101|[2-5]\d\d) /)
    await site.unharmed()
  })
})

/** What a client sends: how a request begins, and what is wrong with it. */
const requests: Record<string, (host: string) => string> = {
  'no HTTP': () => 'SSH-2.0-OpenSSH_10.0\r\n\0\0\0',
  'a TLS hello': () => '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  'the preface of HTTP/2': () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'no host': () => 'GET / HTTP/1.1\r\n\r\n',
  'two hosts': (host) => `GET / HTTP/1.1\r\nHost: ${host}\r\nHost: cde.example\r\n\r\n`,
  'a host of control characters': () => 'GET / HTTP/1.1\r\nHost: \x01\x02\r\n\r\n',
  'a URL as target': (host) => `GET http://${host}:99999/ HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
  'two slashes as target': (host) => `GET // HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
  'an asterisk as target': (host) => `OPTIONS * HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
  CONNECT: (host) => `CONNECT ${host}:22 HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
  'the entrance with nonsense': (host) => `GET /.cde/enter?ticket=%ff%00&to=%0d%0a HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
  'a length and chunks': (host) =>
    `POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  'a broken chunk': (host) => `POST / HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`,
  'a body that ends early': (host) => `POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 99\r\n\r\nab`,
  'trailers that nobody expects': (host) =>
    `POST / HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: chunked\r\nTrailer: A\r\n\r\n0\r\nA: b\r\n\r\n`,
  '100-continue': (host) => `POST / HTTP/1.1\r\nHost: ${host}\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n`,
  'another expectation': (host) => `GET / HTTP/1.1\r\nHost: ${host}\r\nExpect: the-worst\r\n\r\n`,
  'an upgrade to something else': (host) =>
    `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\n`,
  'an upgrade without a key': (host) =>
    `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nbytes behind it`,
  'headers without end': (host) => `GET / HTTP/1.1\r\nHost: ${host}\r\n${'A: b\r\n'.repeat(5000)}`,
  'a cookie without end': (host) => `GET / HTTP/1.1\r\nHost: ${host}\r\nCookie: ${'a=b; '.repeat(3000)}\r\n\r\n`,
  'many requests at once': (host) => `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`.repeat(500),
}

test('no request of a client harms anybody else', async (t) => {
  const site = await startDoors(t)
  site.answerWith(`${ok}Content-Length: 2\r\n\r\nok`)
  for (const [name, request] of Object.entries(requests))
    for (const host of [site.host, 'cde.example']) {
      const answer = await exchange(site.port, Buffer.from(request(host), 'latin1'), { ends: true })
      assert.match(answer, /^(HTTP\/1\.1 ([1-4]\d\d|502) |$)/, `${name} at ${host}`)
      await site.unharmed()
    }
})

test('no pseudo-random request of a client harms anybody else', async (t) => {
  const site = await startDoors(t)
  await fuzz(150, async (random) => {
    site.answerWith(randomAnswer(random))
    const host = random.of([site.host, 'cde.example', `x.${site.host}`, '\xff', ''])
    const path = random.of([
      '/',
      '//',
      '*',
      '/.cde/enter?ticket=x',
      '/proxy/workspaces/abcde12345/shell',
      '/\xff',
      '',
      '/?%',
    ])
    const begin = random.of([`GET ${path} HTTP/1.1`, `POST ${path} HTTP/1.1`, `X ${path} HTTP/1.0`, path])
    const head = random.several(0, 6, () => randomHeader(random))
    const text = [begin, `Host: ${host}`, ...head].join(random.of(['\r\n', '\r\n', '\r\n', '\n']))
    const bytes = Buffer.concat([Buffer.from(`${text}\r\n\r\n`, 'latin1'), random.bytes(random.below(60))])
    await exchange(site.port, bytes, { ends: random.below(2) === 0, quietMs: 20 })
    await site.unharmed()
  })
})

/** Something like an HTTP answer: most parts are sound, so that what is wrong is reached. */
function randomAnswer(random: Random): Buffer {
  const head = () => {
    const status = random.of([
      '200',
      '204',
      '304',
      '404',
      '101',
      '100',
      '103',
      '000',
      '099',
      '600',
      '20',
      'x',
      `${random.below(1000)}`,
    ])
    const version = random.of(['HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', 'http/1.1', ''])
    const lines = [
      `${version} ${status} ${random.of(['OK', '', '\x01', '\xff'])}`,
      ...random.several(0, 6, () => randomHeader(random)),
    ]
    return `${lines.join(random.of(['\r\n', '\r\n', '\r\n', '\n']))}\r\n\r\n`
  }
  const body = () => random.of(['', 'abc', '3\r\nabc\r\n0\r\n\r\n', 'zz\r\n', random.bytes(50).toString('latin1')])
  return Buffer.from(random.several(1, 3, () => head() + body()).join(''), 'latin1')
}

function randomHeader(random: Random): string {
  const names = ['A', 'Content-Length', 'Transfer-Encoding', 'Connection', 'Upgrade', 'Trailer', 'Set-Cookie', 'Expect']
  const values = [
    'b',
    '0',
    '3',
    'chunked',
    'close',
    'upgrade',
    'websocket',
    'a=b; Domain=c',
    '//x',
    '\xff',
    '\x7f',
    '',
    ' ',
  ]
  if (random.below(8) === 0) return random.bytes(random.below(20)).toString('latin1')
  return `${random.of(names)}: ${random.of(values)}`
}
