import type { OnReadOpts } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { Agent, buildConnector, type Dispatcher, Pool, ProxyAgent } from 'undici'
import { tlsFault } from '../../certificates/untrusted.ts'
import { blockSize, intoBlocks } from '../chunk-memory.ts'
import { type ProxySettings, proxyFor } from './proxy.ts'
import { allRoots, likelyRoots } from './trust.ts'
import type { Watcher } from './watcher.ts'

/** Milliseconds. */
export interface Timeouts {
  /** TCP and TLS */
  connect: number
  /** until an answer starts */
  headers: number
  /** of waiting within a body, after which it is looked at whether it comes fast enough */
  body: number
  /** for all attempts at one thing, without getting anywhere */
  patience: number
}

/** milliseconds that a registry may keep one request waiting */
export const defaultPatience = 300_000

/** What follows from the patience (milliseconds): each of five attempts gets its part. */
export const timeoutsFor = (patience: number): Timeouts => ({
  connect: 10_000,
  headers: patience / 5,
  body: patience / 5,
  patience,
})

/** connections to one origin at once */
const connections = 16

/** The connections of one registry, also to the hosts that it redirects to. */
export interface Transport {
  timeouts: Timeouts
  /** whether an answer ever came: decides whether a refused connection is worth another attempt */
  answered: boolean
  /** is told of each exchange */
  watcher: Watcher | undefined
  dispatcherFor(url: URL): Dispatcher
  /** Cuts what is under way. */
  close(): Promise<void>
}

/**
 * Makes the connections of one registry. `caPem` is trusted beside what the system and Node trust. `dispatcherFor` an
 * address with TLS throws SealiftError USAGE_CA.
 */
export function createTransport(options: {
  caPem?: string
  proxy: ProxySettings
  timeouts: Timeouts
  watcher?: Watcher | undefined
}): Transport {
  const { proxy, timeouts, watcher } = options
  const open = new Map<string, Dispatcher>()
  // HTTP/1.1: one connection per blob is what fills the line; HTTP/2 would share one window among all
  const plain: SocketOptions = {
    timeout: timeouts.connect,
    allowH2: false,
    onread: intoBlocks,
    highWaterMark: blockSize,
    ...(watcher ? { lookup: watcher.lookup } : {}),
  }
  const settings = {
    connections,
    allowH2: false,
    // exchange.ts looks on itself: these end neither a body of a byte a second nor an answer that never comes to its end
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: 30_000,
  }
  const connect = ({ protocol }: URL, proxyUri: string | undefined): Dispatcher => {
    if (proxyUri !== undefined) {
      const all = [options.caPem, proxy.caPem].filter((pem) => pem !== undefined)
      const secureContext = () => allRoots(all.length > 0 ? all.join('\n') : undefined)
      return new ProxyAgent({
        ...{ uri: proxyUri, ...settings },
        // to the proxy itself, for CONNECT
        clientFactory: (origin, options) =>
          new Pool(origin, { ...options, headersTimeout: timeouts.headers, bodyTimeout: timeouts.body }),
        ...(protocol === 'https:' ? { requestTls: { ...plain, secureContext: secureContext() } } : {}),
        ...(proxyUri.startsWith('https:') ? { proxyTls: { secureContext: secureContext() } } : {}),
        ...(proxy.authorization === undefined ? {} : { token: proxy.authorization }),
      })
    }
    return new Agent({ ...settings, connect: protocol === 'https:' ? trusting(plain, options.caPem) : plain })
  }
  return {
    timeouts,
    answered: false,
    watcher,
    dispatcherFor(url) {
      const uri = proxyFor(url, proxy)
      const key = `${url.protocol} ${uri ?? ''}`
      let dispatcher = open.get(key)
      if (!dispatcher) {
        dispatcher = connect(url, uri)
        open.set(key, dispatcher)
      }
      return dispatcher
    },
    async close() {
      await Promise.all([...open.values()].map((dispatcher) => dispatcher.destroy()))
      open.clear()
    },
  }
}

/**
 * Connects with the trust that is likely to do, and again with all of it where that does not know the certificate: to
 * read and parse the hundreds of roots of the system takes longer than most of what a registry is asked.
 */
function trusting(options: SocketOptions, caPem: string | undefined): buildConnector.connector {
  let connect = buildConnector({ ...options, secureContext: likelyRoots(caPem) })
  let all = false
  return (to, done) =>
    connect(to, (...result) => {
      const error = result[0] as NodeJS.ErrnoException | null
      const fault = error?.code === undefined ? undefined : tlsFault(error.code)
      if (error && (fault === 'ended' || fault === 'not-yet')) return withDates(error, to, options, done)
      if (all || fault !== 'unknown-ca') return done(...result)
      all = true
      connect = buildConnector({ ...options, secureContext: allRoots(caPem) })
      connect(to, done)
    })
}

/** Looks at a certificate that is not valid now, to say its dates: by a connection of its own over which nothing is sent. */
function withDates(
  error: Error,
  to: buildConnector.Options,
  options: SocketOptions,
  done: buildConnector.Callback,
): void {
  buildConnector({ ...options, rejectUnauthorized: false } as SocketOptions)(to, (_, socket) => {
    const cert = (socket as TLSSocket | null)?.getPeerCertificate()
    socket?.destroy()
    done(Object.assign(error, { cert }), null)
  })
}

/** Options that undici hands on to net.connect and tls.connect; its types know of fewer. */
type SocketOptions = buildConnector.BuildOptions & { onread: OnReadOpts; highWaterMark: number }
