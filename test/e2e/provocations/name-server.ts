import { createSocket } from 'node:dgram'
import { once } from 'node:events'

/** DNS (RFC 1035, 4.1): bytes of a header, and what is not found */
const header = 12
const nameError = 3

/** The IPv4 address of a name in small letters, or undefined where there is no such name. */
export type Zone = (name: string) => string | undefined

/** A name server (UDP) that knows IPv4 addresses and nothing else. */
export async function startNameServer(zone: Zone, address: string, port: number) {
  const socket = createSocket('udp4')
  socket.on('message', (query, { port, address }) => {
    const reply = answer(query, zone)
    if (reply) socket.send(reply, port, address)
  })
  socket.bind(port, address)
  await once(socket, 'listening')
  return {
    port: socket.address().port,
    stop: () => new Promise<void>((resolve) => socket.close(resolve)),
  }
}

function answer(query: Buffer, zone: Zone): Buffer | undefined {
  const labels: string[] = []
  let at = header
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  const end = at + 5
  if (query.length < end) return undefined
  const wantsAddress = query.readUInt16BE(at + 1) === 1
  const address = zone(labels.join('.').toLowerCase())
  const found = wantsAddress && address !== undefined
  const reply = Buffer.from(query.subarray(0, end))
  // an authoritative answer, recursion as asked for
  reply[2] = 0x84 | (reply[2] as number)
  reply[3] = 0x80 | (address === undefined ? nameError : 0)
  for (const [offset, count] of [1, found ? 1 : 0, 0, 0].entries()) reply.writeUInt16BE(count, 4 + 2 * offset)
  if (!found) return reply
  // the name by its place in the question, A, IN, 1 s, 4 bytes
  const record = Buffer.from([0xc0, header, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, ...address.split('.').map(Number)])
  return Buffer.concat([reply, record])
}
