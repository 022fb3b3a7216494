import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { pour, receiverOf } from '../../../../services/envproxy/pour.ts'

test('sockets of this Node can be read into memory that they share', async (t) => {
  const [client, accepted] = await pair(t)
  assert.ok(receiverOf(client))
  assert.ok(receiverOf(accepted))
})

test('a socket that is made otherwise is piped', async (t) => {
  const [writer, from] = await pair(t)
  const [to, reader] = await pair(t)
  Object.defineProperty(from, Symbol('kBuffer'), { value: undefined })
  const handle = (from as unknown as { _handle: object })._handle
  Object.defineProperty(handle, 'useUserBuffer', { value: undefined })
  assert.equal(receiverOf(from), undefined)
  pour(from, to)
  writer.end('through')
  assert.equal(String(Buffer.concat(await reader.toArray())), 'through')
})

test('what waits for a slow reader stays as it was while another pair pours through the same memory', async (t) => {
  const size = 24 * 1024 * 1024
  const slow = await through(t)
  const quick = await through(t)
  slow.reader.pause()
  slow.writer.end(Buffer.alloc(size, 'slow reader '))
  const read = quick.reader.toArray()
  quick.writer.end(Buffer.alloc(size, 'another pair'))
  assert.equal(hash(await read), hash([Buffer.alloc(size, 'another pair')]))
  assert.equal(hash(await slow.reader.toArray()), hash([Buffer.alloc(size, 'slow reader ')]))
})

test('what came before the pouring goes first, and the end comes last', async (t) => {
  const [writer, from] = await pair(t)
  const [to, reader] = await pair(t)
  writer.write('before ')
  await once(from, 'readable')
  pour(from, to)
  writer.end('after')
  assert.equal(String(Buffer.concat(await reader.toArray())), 'before after')
})

async function through(t: TestContext): Promise<{ writer: Socket; reader: Socket }> {
  const [writer, from] = await pair(t)
  const [to, reader] = await pair(t)
  pour(from, to)
  return { writer, reader }
}

const hash = (chunks: Buffer[]) => {
  const sum = createHash('sha256')
  for (const chunk of chunks) sum.update(chunk)
  return sum.digest('hex')
}

/** Both ends of a connection. */
async function pair(t: TestContext): Promise<[Socket, Socket]> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const accepting = once(server, 'connection') as Promise<[Socket]>
  const { port } = server.address() as { port: number }
  const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  const [accepted] = await accepting
  await once(client, 'connect')
  server.close()
  t.after(() => {
    client.destroy()
    accepted.destroy()
  })
  return [client, accepted]
}
