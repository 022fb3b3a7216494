import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Modules } from './modules.ts'
import type { Words } from './words.ts'

/** Makes what hears a server over a connection that stands: a part of the program of pods (`parts.ts`). */
export function createAsk({ http }: Modules, { end, said, codeOf, seconds, within }: Words) {
  /** The head of an answer over a connection that stands. */
  const ask = (socket: Socket, request: { method: string; path: string; headers: Record<string, string> }) =>
    within(
      () => end('http', 'silent', `no answer to a request in ${seconds}`),
      (signal) =>
        new Promise<IncomingMessage>((resolve, reject) => {
          const asking = http.request({ ...request, createConnection: () => socket, setHost: false, signal })
          asking.once('response', resolve)
          asking.once('connect', (answer, _socket, head) => {
            // a server that speaks first may have spoken
            if (head.length > 0) socket.unshift(head)
            resolve(answer)
          })
          asking.on('error', (error) =>
            reject(end('http', 'cut', `no proper answer (${said(codeOf(error) || error.message)})`)),
          )
          asking.end()
        }),
    )

  /** The first line of SSH that a server says (RFC 4253, 4.2). */
  const bannerOf = (socket: Socket) =>
    within(
      () => end('tcp', 'silent', `nothing is said there in ${seconds}`),
      () =>
        new Promise<string>((resolve, reject) => {
          let text = ''
          socket.on('data', (bytes) => {
            text += bytes.toString('latin1')
            const line = /^SSH-[^\n]*\n/m.exec(text)?.[0]
            if (line) resolve(said(line))
            else if (text.length > 8192) reject(end('tcp', 'other-protocol', 'what answers there does not speak SSH'))
          })
          socket.on('close', () => reject(end('tcp', 'cut', 'the connection is closed before SSH is spoken')))
        }),
    )

  return { ask, bannerOf }
}

export type Ask = ReturnType<typeof createAsk>
