import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Ask } from './ask.ts'
import type { Connect } from './connect.ts'
import type { Secure } from './secure.ts'
import type { ProxyPlace } from './trial.ts'
import type { Words } from './words.ts'

/** Makes what goes through a forward proxy, and tells its words from a server's: a part of the program of pods (`parts.ts`). */
export function createByProxy(
  connectTo: Connect,
  secure: Secure,
  { ask }: Ask,
  proxyAuthorization: string | undefined,
  { Ended, end, said }: Words,
) {
  const login: Record<string, string> = proxyAuthorization ? { 'proxy-authorization': proxyAuthorization } : {}

  /** What a proxy says in place of the server; undefined where the answer may be the server's own. */
  const refusalOf = (answer: IncomingMessage, byProxy: boolean): Error | undefined => {
    const status = answer.statusCode ?? 0
    const words = said(answer.headers['x-squid-error'] ?? '')
    const by = `the proxy answers ${status}${words ? ` (${words})` : ''}`
    if (status === 407) {
      const schemes = said([answer.headers['proxy-authenticate'] ?? ''].flat().join(', '))
      return proxyAuthorization === undefined
        ? end('proxy-login', 'no-login', `the proxy wants a login${schemes ? `: ${schemes}` : ''}`)
        : end('proxy-login', 'wrong-login', `the proxy does not take the login${schemes ? `: ${schemes}` : ''}`)
    }
    if (!byProxy && words === '') return undefined
    if (/^ERR_DNS_FAIL/.test(words)) return end('dns', 'no-name', `${by}: it does not find the name`)
    if (status >= 500 && !words.includes('DENIED'))
      return end('tcp', 'proxy-fails', `${by}: it does not find the server, or does not reach it`)
    return end('proxy', 'proxy-denies', by)
  }

  const toProxy = async ({ host, port, tls }: ProxyPlace, open: Socket[]): Promise<Socket> => {
    const name = `the proxy ${host}:${port}`
    try {
      const socket = await connectTo(host, port, open)
      return tls ? (await secure(socket, host)).socket : socket
    } catch (error) {
      if (!(error instanceof Ended)) throw error
      throw end('proxy', 'proxy-away', `${name} is not reached: ${error.attempt.detail}`, error.attempt.issuer)
    }
  }
  const tunnel = async (proxy: ProxyPlace, to: string, open: Socket[]): Promise<Socket> => {
    const socket = await toProxy(proxy, open)
    let answer: IncomingMessage
    try {
      answer = await ask(socket, { method: 'CONNECT', path: to, headers: { host: to, ...login } })
    } catch (error) {
      if (!(error instanceof Ended)) throw error
      throw end('proxy', 'proxy-away', `the proxy ${proxy.host}:${proxy.port}: ${error.attempt.detail}`)
    }
    const status = answer.statusCode ?? 0
    if (status >= 200 && status < 300) return socket
    throw refusalOf(answer, true)
  }

  return { refusalOf, toProxy, tunnel, login }
}

export type ByProxy = ReturnType<typeof createByProxy>
