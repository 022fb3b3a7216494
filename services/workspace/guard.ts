import { createServer, type Server, type Socket } from 'node:net'
import type { ReadGrant } from './grant.ts'

export interface GuardOptions {
  /** the port that a grant must open */
  port: number
  /** undefined: nobody can be let in safely */
  readGrant: ReadGrant | undefined
  /** whether strangers may ask for the agent's health, as the kubelet does */
  healthz: boolean
  /** most connections at a time that were let in */
  maxAdmitted: number
  /** most that were not (yet) */
  maxStrangers?: number
  /** from the accept to the end of a stranger, in milliseconds */
  strangerMs?: number
  log: { warn(fields: object, message: string): void }
}

/** Longest first line, in bytes; one with a grant has about 450. */
const longestLine = 2048

const preamble = /^CDE ([\w-]+\.[\w-]+\.[\w-]+)$/
const probe = /^GET \/healthz HTTP\/1\.[01]$/

/**
 * The wall before a door of the agent: hands on connections whose first line is `CDE <grant>`, without that line and
 * paused. Whoever has none gets no further, wherever in the network they are. Connections that say nothing make room for
 * newer ones, so that they lock out nobody who shows a grant at once. Does not listen yet.
 */
export function createGuard(options: GuardOptions, admit: (socket: Socket) => void): Server {
  const { port, readGrant, log, maxStrangers = 64, strangerMs = 10_000 } = options
  const strangers = new Set<Socket>()
  let admitted = 0

  const judge = async (socket: Socket, line: string, known: () => void): Promise<void> => {
    if (options.healthz && probe.test(line)) return reply(socket, '200 OK', '{"status":"ok"}')
    try {
      const grant = preamble.exec(line)?.[1]
      if (grant === undefined) throw new Error('no grant')
      if (readGrant === undefined) throw new Error('no keys to check a grant with')
      await readGrant(grant, port)
    } catch (error) {
      log.warn({ port, why: (error as Error).message }, 'connection refused')
      return refuse(socket, '403 Forbidden', 'GRANT_REFUSED', 'Only the envproxy gets in here.')
    }
    if (socket.destroyed) return
    if (admitted >= options.maxAdmitted)
      return refuse(socket, '503 Service Unavailable', 'WORKSPACE_FULL', 'The workspace has too many connections.')
    admitted += 1
    socket.once('close', () => {
      admitted -= 1
    })
    known()
    admit(socket)
  }

  return createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const [oldest] = strangers.size >= maxStrangers ? strangers : []
    const timer = setTimeout(() => socket.destroy(), strangerMs)
    const known = () => {
      clearTimeout(timer)
      strangers.delete(socket)
    }
    strangers.add(socket)
    socket.on('error', () => socket.destroy())
    socket.once('close', known)
    if (oldest) {
      strangers.delete(oldest)
      oldest.destroy()
    }
    firstLine(socket, (line) => void judge(socket, line, known))
  })
}

/** Reads up to the first line end and pauses there; what came behind it is read next. No such line ends the connection. */
function firstLine(socket: Socket, done: (line: string) => void): void {
  let held: Buffer = Buffer.alloc(0)
  const end = () => socket.destroy()
  const take = (chunk: Buffer) => {
    held = Buffer.concat([held, chunk])
    const at = held.subarray(0, longestLine).indexOf('\n')
    if (at < 0 && held.length < longestLine) return
    socket.off('data', take).off('end', end).pause()
    if (at < 0) return end()
    if (held.length > at + 1) socket.unshift(held.subarray(at + 1))
    done(held.toString('latin1', 0, at).replace(/\r$/, ''))
  }
  socket.on('data', take).on('end', end)
}

const refuse = (socket: Socket, status: string, code: string, message: string) =>
  reply(socket, status, JSON.stringify({ code, message }))

/** Answers in HTTP, which all who come here by mistake speak, and ends. The rest of what they say is not read. */
function reply(socket: Socket, status: string, body: string): void {
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
  )
  socket.on('end', () => socket.destroySoon()).resume()
}
