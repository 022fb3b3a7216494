import type { IncomingMessage } from 'node:http'
import { type RequestOptions, request } from 'node:https'
import type { Duplex } from 'node:stream'

export interface Get {
  /** where to connect to */
  address: string
  port: number
  /** the name that is asked for: SNI, certificate check, Host */
  name: string
  path: string
  /** CA that signed the certificate, PEM; without it those that the system knows. `any`: nothing is sent that is worth more */
  ca: string | 'any' | undefined
  signal: AbortSignal
}

export interface Answer {
  status: number
  headers: IncomingMessage['headers']
}

/** milliseconds for one question, whatever it is */
const patience = 10_000

/** Asks a server under a name that need not resolve, and tells the status; the body is not read. 10 s at most. */
export function httpsGet(get: Get): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asking = request(optionsOf(get), (response) => {
      resolve(answerOf(response))
      response.destroy()
    })
    asking.on('error', reject)
    asking.end()
  })
}

/**
 * Asks for a WebSocket (RFC 6455, 4.1), in the same way. Where the answer is 101, it is told once the other side has said
 * something: who only pretends to pass WebSockets on is not taken for one that does.
 */
export function askForWebSocket(get: Get): Promise<Answer> {
  const handshake = {
    ...{ connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' },
    'sec-websocket-key': Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64'),
  }
  return new Promise((resolve, reject) => {
    const options = optionsOf(get)
    const asking = request({ ...options, headers: { ...options.headers, ...handshake } }, (response) => {
      resolve(answerOf(response))
      response.destroy()
    })
    asking.on('upgrade', (response: IncomingMessage, socket: Duplex, head: Buffer) => {
      const heard = () => {
        resolve(answerOf(response))
        socket.destroy()
      }
      socket.on('error', reject).on('close', () => reject(new Error('a WebSocket that is closed before a word')))
      if (head.length > 0) heard()
      else socket.once('data', heard)
    })
    asking.on('error', reject)
    asking.end()
  })
}

const answerOf = ({ statusCode = 0, headers }: IncomingMessage): Answer => ({ status: statusCode, headers })

const optionsOf = ({ address, port, name, path, ca, signal }: Get): RequestOptions & { headers: object } => ({
  host: address,
  port,
  path,
  servername: name,
  headers: { host: port === 443 ? name : `${name}:${port}`, 'user-agent': 'sealift' },
  signal: AbortSignal.any([signal, AbortSignal.timeout(patience)]),
  agent: false,
  ...(ca === 'any' ? { rejectUnauthorized: false } : ca === undefined ? {} : { ca }),
})
