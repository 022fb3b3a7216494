import assert from 'node:assert/strict'
import { request } from 'node:http'
import { type TestContext, test } from 'node:test'
import { startAgent } from '../integration/workspace/agent.ts'
import { exchange } from './doors-site.ts'
import { fuzz, type Random } from './random.ts'

/** A workspace's agent, and a terminal of somebody else that is open all along. */
async function startTerminals(t: TestContext) {
  const agent = await startAgent(t, { keepAliveMs: 20 })
  const shell = await agent.connect()
  await shell.id()
  let count = 0
  return {
    ...agent,
    /** Whether nobody else was harmed: the agent says that it is well, and the other terminal answers. */
    async unharmed(): Promise<void> {
      const status = await new Promise((resolve, reject) =>
        request({ host: '127.0.0.1', port: agent.port, path: '/healthz', agent: false })
          .on('response', (answer) => resolve(answer.resume().statusCode))
          .on('error', reject)
          .end(),
      )
      assert.equal(status, 200)
      count += 1
      shell.type(`echo well-$((${count}+0))\n`)
      await shell.seen(new RegExp(`well-${count}\\r\\n`))
    },
  }
}

const upgrade = [
  'GET /shell HTTP/1.1',
  'Host: agent',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
  '\r\n',
].join('\r\n')

/** A WebSocket frame (RFC 6455, section 5.2) that need not be sound. */
function frame(first: number, payload: Buffer | string, { masked = true, length = payload.length } = {}): Buffer {
  const size = Buffer.alloc(8)
  size.writeUInt32BE(length, 4)
  const head = length < 126 ? Buffer.from([length]) : Buffer.concat([Buffer.from([127]), size])
  head[0] = (head[0] ?? 0) | (masked ? 0x80 : 0)
  return Buffer.concat([Buffer.from([first]), head, Buffer.alloc(masked ? 4 : 0), Buffer.from(payload as string)])
}

const text = (value: unknown) => frame(0x81, JSON.stringify(value))
const frames: Record<string, Buffer[]> = {
  'a frame without a mask': [frame(0x82, 'a', { masked: false })],
  'reserved bits': [frame(0xf2, 'a')],
  'a reserved opcode': [frame(0x83, 'a')],
  'a continuation of nothing': [frame(0x80, 'a')],
  'a fragment inside another': [frame(0x02, 'a'), frame(0x02, 'b')],
  'a ping in pieces': [frame(0x09, 'a')],
  'a long ping': [frame(0x89, 'a'.repeat(200))],
  'a close with half a code': [frame(0x88, '\x03')],
  'a close with a code that is none': [frame(0x88, Buffer.from([0, 0]))],
  'more than a frame may hold': [frame(0x82, '', { length: 0x7fffffff })],
  'text that is no UTF-8': [frame(0x81, Buffer.from([0xff, 0xfe]))],
  'many pings': Array.from({ length: 2000 }, () => frame(0x89, 'a')),
  'many empty frames': Array.from({ length: 2000 }, () => frame(0x82, '')),
  'sizes that are none': [
    text({ type: 'resize', cols: 0, rows: -1 }),
    text({ type: 'resize', cols: 1e9, rows: 1e9 }),
    text({ type: 'resize', cols: '80', rows: null }),
    text({ type: 'resize' }),
    text(null),
    text([]),
    frame(0x81, `${'['.repeat(100_000)}`),
    frame(0x81, '{"__proto__":{"type":"resize"}}'),
  ],
  'every byte typed': [frame(0x82, Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)))],
}

test('no first words harm anybody', async (t) => {
  const site = await startTerminals(t)
  for (const words of [
    '\n',
    'CDE \r\n',
    `CDE ${'x'.repeat(5000)}`,
    'CDE a.b.c\r\n',
    `CDE ${site.grant}x\r\n${upgrade}`,
    `CDE ${site.grant}\r\nCDE ${site.grant}\r\n`,
    'GET /healthz HTTP/1.1\r\n',
    'GET /healthz HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n',
    upgrade,
    '\x16\x03\x01\x02\x00',
  ]) {
    await exchange(site.port, words, { ends: true })
    await site.unharmed()
  }
})

test('no frames of a client with a grant harm anybody else', async (t) => {
  const site = await startTerminals(t)
  for (const sent of Object.values(frames)) {
    await exchange(site.port, Buffer.concat([Buffer.from(`CDE ${site.grant}\r\n${upgrade}`), ...sent]), { quietMs: 50 })
    await site.unharmed()
  }
})

test('no pseudo-random request or frame of a client with a grant harms anybody else', async (t) => {
  const site = await startTerminals(t)
  await fuzz(100, async (random) => {
    const head = random.below(4) > 0 ? upgrade : randomHead(random)
    const sent = random.several(0, 8, () => randomFrame(random))
    await exchange(site.port, Buffer.concat([Buffer.from(`CDE ${site.grant}\r\n${head}`, 'latin1'), ...sent]), {
      ends: random.below(2) === 0,
      quietMs: 20,
    })
    await site.unharmed()
  })
})

function randomHead(random: Random): string {
  const lines = upgrade.split('\r\n').filter(() => random.below(6) > 0)
  const path = random.of(['/shell', '/shell?cols=-1&rows=1e9&id=%00', '//', '/shell/x', '*'])
  return `${lines.join(random.of(['\r\n', '\n'])).replace('/shell', path)}${random.of(['', '\r\n\r\n'])}`
}

function randomFrame(random: Random): Buffer {
  if (random.below(3) === 0) return random.of(Object.values(frames).filter((each) => each.length < 100)).at(0) as Buffer
  return frame(random.below(256), random.bytes(random.below(140)), { masked: random.below(8) > 0 })
}
