import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { pino } from 'pino'
import { guardDoors, standLast } from '../../services/uncaught.ts'

/** A server whose paths throw where nobody catches; says its port. The argument `together`: connections are not alone. */
standLast({ log: pino(), alone: process.argv[2] !== 'together' })
const faults: Record<string, (request: import('node:http').IncomingMessage) => void> = {
  '/listener': () => {
    throw new Error('in a listener')
  },
  '/timer': () => void setTimeout(() => faults['/listener']?.(undefined as never), 1),
  '/promise': () => void Promise.reject(new Error('in a promise')),
  '/tick': () => process.nextTick(() => faults['/listener']?.(undefined as never)),
  '/body': (request) => void request.on('data', () => faults['/listener']?.(undefined as never)),
  '/close': (request) => {
    request.socket.on('close', () => faults['/listener']?.(undefined as never))
    request.socket.destroy()
  },
  '/onward': () => void connect(port, '127.0.0.1').on('connect', () => faults['/listener']?.(undefined as never)),
  '/outside': () => outside(),
}
const server = createServer((request, answer) => {
  const fault = faults[request.url ?? '']
  if (fault) fault(request)
  else answer.end('well')
})
guardDoors('http', server)
// made before there was any door
const outside = await new Promise<() => void>((resolve) => {
  let asked = false
  setInterval(() => {
    if (asked) throw new Error('outside')
  }, 5)
  resolve(() => {
    asked = true
  })
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const { port } = server.address() as AddressInfo
console.log(JSON.stringify({ port }))
