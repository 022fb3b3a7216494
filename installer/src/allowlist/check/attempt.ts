import type { Socket } from 'node:net'
import type { Modules } from './modules.ts'
import type { Parts } from './parts.ts'
import type { Attempt, Means, Trial } from './trial.ts'

/**
 * Makes what tries one endpoint, stage by stage: DNS, TCP, the proxy, TLS, the first answer. It and its parts are also the
 * program of pods, as text (`attempt-program.ts`): so they use nothing but their parameters, and no type of theirs needs more
 * than to be left out.
 */
export function createAttempt(modules: Modules, means: Means, parts: Parts): (trial: Trial) => Promise<Attempt> {
  const { net } = modules
  const { limit, ca, proxyAuthorization, signal: given } = means
  const words = parts.createWords(limit)
  const { Ended, end, said } = words
  const connectTo = parts.createConnect(modules, limit, words)
  const secure = parts.createSecure(modules, ca, words)
  const asking = parts.createAsk(modules, words)
  const { ask, bannerOf } = asking
  const { refusalOf, toProxy, tunnel, login } = parts.createByProxy(
    connectTo,
    secure,
    asking,
    proxyAuthorization,
    words,
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
