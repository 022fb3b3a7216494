import assert from 'node:assert/strict'
import { type AddressInfo, connect, createServer } from 'node:net'
import { type TestContext, test } from 'node:test'
import { startRelay } from '../../bench/relay.ts'

const megabyte = 1_000_000

/** A server that reads all that a client sends, then answers with `answer` bytes and ends. */
async function relayed(t: TestContext, answer: number, onSent?: (bytes: number) => void) {
  let got = 0
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('data', (chunk) => {
      got += chunk.length
    })
    socket.on('end', () => socket.end(Buffer.alloc(answer)))
    socket.on('error', () => {})
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const relay = await startRelay((server.address() as AddressInfo).port, onSent)
  t.after(async () => {
    await relay.close()
    await new Promise((resolve) => server.close(resolve))
  })
  return { relay, got: () => got }
}

/** Sends `bytes` and reads to the end; resolves to the number of bytes read. */
function talk(host: string, bytes: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: Number(host.split(':')[1]), allowHalfOpen: true })
    let read = 0
    socket.on('data', (chunk) => {
      read += chunk.length
    })
    socket.on('error', reject)
    socket.on('end', () => resolve(read))
    socket.end(Buffer.alloc(bytes))
  })
}

test('a relay passes everything on both ways and counts it', async (t) => {
  const { relay, got } = await relayed(t, 5 * megabyte)
  // both sides end as soon as they have written: nothing may be lost in between
  const read = await Promise.all([talk(relay.host, 3 * megabyte), talk(relay.host, megabyte)])
  assert.deepEqual(read, [5 * megabyte, 5 * megabyte])
  assert.equal(got(), 4 * megabyte)
  assert.deepEqual([relay.sent(), relay.received()], [4 * megabyte, 10 * megabyte])
})

test('a relay tells of what was sent while it is sent', async (t) => {
  const told: number[] = []
  const { relay } = await relayed(t, 1, (bytes) => told.push(bytes))
  await talk(relay.host, 2 * megabyte)
  assert.equal(told.at(-1), 2 * megabyte)
  assert.ok(told.length > 2 && (told[0] as number) < megabyte)
})
