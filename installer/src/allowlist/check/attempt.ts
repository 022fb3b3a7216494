import type { LookupAddress } from 'node:dns'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { DetailedPeerCertificate, PeerCertificate, TLSSocket } from 'node:tls'

/** One endpoint to try, as plain data. */
export interface Trial {
  scheme: string
  host: string
  port: number
  /** of the request, for http and https */
  path?: string | undefined
  /** the forward proxy that leads there; without it it is reached directly */
  proxy?: ProxyPlace | undefined
}

export interface ProxyPlace {
  host: string
  port: number
  /** it is spoken to with TLS */
  tls: boolean
}

/** What is the same for all that is tried. */
export interface Means {
  /** milliseconds for each stage */
  limit: number
  /** CAs (PEM) that are trusted beside those that Node.js and the machine know */
  ca?: string | undefined
  /** value of Proxy-Authorization */
  proxyAuthorization?: string | undefined
  /** gives up what is under way */
  signal?: AbortSignal
}

/** At which stage it ended; `reached` where it came through all of them. */
export const stages = ['reached', 'dns', 'tcp', 'proxy', 'proxy-login', 'tls-intercepted', 'tls', 'http'] as const
export type Stage = (typeof stages)[number]

/** What within a stage, for what helps. */
export const reasons = [
  ...(['no-name', 'no-dns', 'refused', 'silent', 'unreachable', 'cut', 'other-protocol'] as const),
  ...(['proxy-denies', 'proxy-away', 'proxy-fails', 'no-login', 'wrong-login'] as const),
  ...(['unknown-ca', 'other-name', 'expired', 'block-page'] as const),
]
export type Reason = (typeof reasons)[number]

/** How it went: at most 300 characters of strangers each, on one line, nothing in them that a terminal would act on. */
export interface Attempt {
  stage: Stage
  reason?: Reason
  detail: string
  /** who signed what opens TLS, where that is not a public CA: the top of the chain that came */
  issuer?: string
}

/** The modules of Node.js that an attempt takes, given to it since it is text where it runs in a pod. */
export interface Modules {
  crypto: typeof import('node:crypto')
  dns: typeof import('node:dns')
  http: typeof import('node:http')
  net: typeof import('node:net')
  tls: typeof import('node:tls')
}

/**
 * Makes what tries one endpoint, stage by stage: DNS, TCP, the proxy, TLS, the first answer. Its text is also the program of
 * pods (`attempt-program.ts`), so that nothing outside of it is used but its parameters, and no type needs more than to be
 * left out.
 */
export function createAttempt(modules: Modules, means: Means): (trial: Trial) => Promise<Attempt> {
  const { crypto, dns, http, net, tls } = modules
  const { limit, ca, proxyAuthorization, signal: given } = means
  const roots = [...tls.getCACertificates('default'), ...tls.getCACertificates('system'), ...(ca ? [ca] : [])]
  let context: ReturnType<typeof tls.createSecureContext> | undefined
  let publicKeys: Set<string> | undefined

  class Ended extends Error {
    attempt: Attempt
    constructor(attempt: Attempt) {
      super(attempt.detail)
      this.attempt = attempt
    }
  }
  const end = (stage: Stage, reason: Reason, detail: string, issuer?: string) =>
    new Ended({ stage, reason, detail, ...(issuer ? { issuer } : {}) })

  /** Words of a stranger. */
  const said = (text: unknown): string =>
    String(text)
      .slice(0, 2000)
      .replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ')
      .trim()
      .slice(0, 300)
  const codeOf = (error: unknown): string => {
    const { code, errors } = error as { code?: unknown; errors?: { code?: unknown }[] }
    return String(errors?.[0]?.code ?? code ?? '')
  }
  const seconds = `${limit / 1000} s`

  /** What `work` comes to, within the limit. What it opens it closes itself when `signal` says so. */
  const within = <T>(late: () => Ended, work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    const abort = new AbortController()
    return new Promise<T>((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(late())
        abort.abort()
      }, limit)
      work(abort.signal)
        .then(resolve, reject)
        .finally(() => clearTimeout(timer))
    })
  }

  // getaddrinfo holds one of four threads until it ends: who waits for one has not begun
  let free = 3
  const waiting: (() => void)[] = []
  const lookUp = async (host: string): Promise<LookupAddress[]> => {
    if (free === 0) await new Promise<void>((resolve) => waiting.push(resolve))
    else free--
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(Object.assign(new Error(), { code: 'EAI_AGAIN' })), limit)
      dns.lookup(host, { all: true }, (error, addresses) => {
        clearTimeout(timer)
        const next = waiting.shift()
        if (next) next()
        else free++
        if (error) reject(error)
        else resolve(addresses)
      })
    })
  }
  const addressesOf = async (host: string): Promise<LookupAddress[]> => {
    const family = net.isIP(host)
    if (family !== 0) return [{ address: host, family }]
    try {
      return await lookUp(host)
    } catch (error) {
      const code = codeOf(error)
      if (code === 'ENOTFOUND' || code === 'EAI_NONAME') throw end('dns', 'no-name', `there is no name ${host}`)
      throw end('dns', 'no-dns', `nobody answers what address ${host} has (${said(code)})`)
    }
  }

  const connectTo = async (host: string, port: number, open: Socket[]): Promise<Socket> => {
    const addresses = await addressesOf(host)
    const shown = addresses
      .slice(0, 4)
      .map(({ address }) => address)
      .join(', ')
    const where = `${shown} at port ${port}`
    return await within(
      () => end('tcp', 'silent', `${where} does not answer in ${seconds}`),
      (signal) =>
        new Promise((resolve, reject) => {
          const socket = net.connect({
            host,
            port,
            lookup: (_host, _options, done) => done(null, addresses),
            autoSelectFamilyAttemptTimeout: Math.ceil(limit / 3),
          })
          open.push(socket)
          signal.addEventListener('abort', () => socket.destroy())
          socket.once('connect', () => resolve(socket))
          socket.on('error', (error) => {
            const code = codeOf(error)
            reject(
              code === 'ECONNREFUSED'
                ? end('tcp', 'refused', `${where} refuses connections`)
                : code === 'ETIMEDOUT'
                  ? end('tcp', 'silent', `${where} does not answer`)
                  : end('tcp', 'unreachable', `no way leads to ${where} (${said(code)})`),
            )
          })
        }),
    )
  }

  const nameOf = (one: PeerCertificate['subject'] | undefined): string =>
    said([one?.CN, one?.OU, one?.O].flat().filter(Boolean).join(', '))
  /** The chain that came, and what the trusted roots add to it; the leaf first. */
  const chainOf = (leaf: DetailedPeerCertificate): DetailedPeerCertificate[] => {
    const chain = [leaf]
    for (let at = leaf.issuerCertificate; at && !chain.includes(at) && chain.length < 20; at = at.issuerCertificate)
      chain.push(at)
    return chain
  }
  const keyOf = (certificate: Buffer | string): string =>
    new crypto.X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' }).toString('base64')
  /** By the key: a public root may come as a certificate that an older one signed. */
  const isPublic = (chain: readonly PeerCertificate[]): boolean => {
    publicKeys ??= new Set(tls.rootCertificates.map(keyOf))
    return chain.some(({ raw }) => publicKeys?.has(keyOf(raw)))
  }

  /** TLS over a connection; `issuer` where the CA at the top is no public one. */
  const secure = async (socket: Socket, host: string): Promise<{ socket: TLSSocket; issuer?: string }> => {
    context ??= tls.createSecureContext({ ca: roots })
    const secureContext = context
    const opened = await within(
      () => end('tls', 'cut', `the TLS handshake does not end in ${seconds}`),
      (signal) =>
        new Promise<TLSSocket>((resolve, reject) => {
          const servername = net.isIP(host) === 0 ? host : ''
          // judged below; nothing is sent before that
          const over = tls.connect({ socket, servername, host, secureContext, rejectUnauthorized: false })
          signal.addEventListener('abort', () => over.destroy())
          over.once('secureConnect', () => resolve(over))
          over.on('error', (error) => {
            const code = codeOf(error)
            reject(
              /WRONG_VERSION|PACKET_LENGTH|HTTP_REQUEST/.test(code)
                ? end('tls', 'other-protocol', 'what answers there does not speak TLS')
                : end('tls', 'cut', `the connection is cut during the TLS handshake (${said(code || error.message)})`),
            )
          })
          over.once('close', () => reject(end('tls', 'cut', 'the connection is closed during the TLS handshake')))
        }),
    )
    const leaf = opened.getPeerCertificate(true)
    const chain = chainOf(leaf)
    const top = chain.at(-1)
    // of a chain whose root did not come, the root is named all the same
    const issuer = nameOf(top?.issuer) || nameOf(top?.subject) || 'nobody that it names'
    const fault = opened.authorized ? '' : String(opened.authorizationError ?? 'unknown')
    if (fault === '') return isPublic(chain) ? { socket: opened } : { socket: opened, issuer }
    if (/ALTNAME|HOSTNAME/.test(fault))
      throw end(
        'tls',
        'other-name',
        `the certificate is for ${said(leaf.subjectaltname ?? nameOf(leaf.subject))}`,
        issuer,
      )
    if (/EXPIRED|NOT_YET_VALID/.test(fault))
      throw end(
        'tls',
        'expired',
        `the certificate holds from ${said(leaf.valid_from)} to ${said(leaf.valid_to)}`,
        issuer,
      )
    throw end('tls-intercepted', 'unknown-ca', `the certificate comes from ${issuer}`, issuer)
  }

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

  /** What a proxy says in place of the server; undefined where the answer may be the server's own. */
  const refusalOf = (answer: IncomingMessage, byProxy: boolean): Ended | undefined => {
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
  const login: Record<string, string> = proxyAuthorization ? { 'proxy-authorization': proxyAuthorization } : {}
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

  const tryIt = async ({ scheme, host, port, path, proxy }: Trial, open: Socket[]): Promise<Attempt> => {
    const to = `${net.isIP(host) === 6 ? `[${host}]` : host}:${port}`
    const headers = {
      host: to.replace(scheme === 'https' ? /:443$/ : /:80$/, ''),
      'user-agent': 'sealift',
      connection: 'close',
    }
    const through = proxy ? `, through ${proxy.host}:${proxy.port}` : ''
    const plainly = scheme === 'http' && proxy !== undefined
    let socket = proxy
      ? await (plainly ? toProxy(proxy, open) : tunnel(proxy, to, open))
      : await connectTo(host, port, open)
    if (scheme === 'ssh') return { stage: 'reached', detail: `${await bannerOf(socket)}${through}` }
    let issuer: string | undefined
    if (scheme === 'https' || scheme === 'smtps' || scheme === 'ldaps') {
      const secured = await secure(socket, host)
      socket = secured.socket
      issuer = secured.issuer
    }
    const opened = issuer === undefined ? '' : `; TLS is by ${issuer}`
    const more = issuer === undefined ? {} : { issuer }
    if (scheme !== 'http' && scheme !== 'https')
      return { stage: 'reached', detail: `a connection stands${through}${opened}`, ...more }
    const target = plainly ? `http://${to}${path ?? '/'}` : (path ?? '/')
    const answer = await ask(socket, {
      method: 'GET',
      path: target,
      headers: { ...headers, ...(plainly ? login : {}) },
    })
    // within a tunnel that nobody opens, the server alone speaks
    const refusal = plainly || (proxy && issuer !== undefined) ? refusalOf(answer, false) : undefined
    if (refusal) throw refusal
    const status = answer.statusCode ?? 0
    if (plainly && (status === 403 || status === 451 || (status >= 502 && status <= 504)))
      throw end('http', 'block-page', `${status} is answered, by the proxy or by the server`)
    const location =
      typeof answer.headers.location === 'string' ? `, leads to ${said(answer.headers.location.split(/[?#]/)[0])}` : ''
    return { stage: 'reached', detail: `answers ${status}${location}${through}${opened}`, ...more }
  }

  return async (trial) => {
    const open: Socket[] = []
    const close = () => {
      for (const socket of open) socket.destroy()
    }
    given?.addEventListener('abort', close)
    try {
      return await tryIt(trial, open)
    } catch (error) {
      if (error instanceof Ended) return error.attempt
      return { stage: 'tcp', reason: 'unreachable', detail: said((error as Error).message) }
    } finally {
      given?.removeEventListener('abort', close)
      close()
    }
  }
}
