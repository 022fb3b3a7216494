import type { LookupFunction } from 'node:net'
import { Agent, request } from 'undici'
import type { Platform } from './demo-user.ts'

export interface Step {
  url: string
  status: number
  body: string
}

/** A browser without a screen: every name is at the platform's address, cookies stay with the host that set them. */
export interface CookieJar {
  /** One request, redirects not followed. */
  ask(
    method: string,
    url: string,
    options?: { body?: unknown; headers?: Record<string, string> },
  ): Promise<Step & { next: string | undefined }>
  /** GET, and on through redirects. Resolves with every step; the last one is the page. */
  visit(url: string): Promise<Step[]>
  /** the Cookie header for a host */
  cookies(host: string): string
  close(): Promise<void>
}

export function createCookieJar(platform: Platform): CookieJar {
  const lookup: LookupFunction = (_host, options, callback) =>
    options.all ? callback(null, [{ address: platform.address, family: 4 }]) : callback(null, platform.address, 4)
  const dispatcher = new Agent({ connect: { ca: platform.ca, lookup } })
  const byHost = new Map<string, Map<string, string>>()
  const cookies = (host: string) => [...(byHost.get(host) ?? [])].map((pair) => pair.join('=')).join('; ')

  const ask: CookieJar['ask'] = async (method, url, { body, headers = {} } = {}) => {
    const { host } = new URL(url)
    const answer = await request(url, {
      method,
      dispatcher,
      headers: {
        ...(cookies(host) ? { cookie: cookies(host) } : {}),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(60_000),
    })
    for (const cookie of [answer.headers['set-cookie'] ?? []].flat()) {
      const [pair = ''] = cookie.split(';')
      if (/;\s*domain/i.test(cookie)) throw new Error(`a cookie for more than its host: ${cookie}`)
      const own = byHost.get(host) ?? new Map<string, string>()
      byHost.set(host, own.set(pair.split('=')[0] ?? '', pair.slice(pair.indexOf('=') + 1)))
    }
    const { location } = answer.headers
    const next = typeof location !== 'string' ? undefined : new URL(location, url).href
    return { url, status: answer.statusCode, body: await answer.body.text(), next }
  }

  return {
    ask,
    async visit(url) {
      const steps: Step[] = []
      for (let next: string | undefined = url; next !== undefined && steps.length < 10; ) {
        const step: Awaited<ReturnType<CookieJar['ask']>> = await ask('GET', next)
        steps.push(step)
        next = step.next
      }
      return steps
    },
    cookies,
    close: () => dispatcher.close(),
  }
}
