import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { Agent, type RequestOptions, request } from 'node:https'
import type { TestContext } from 'node:test'
import { openWeb, type Web, type WebLimits } from '../../installer/src/wizard/https/server.ts'
import { type OwnSession, openSession, type SessionOptions } from '../../installer/src/wizard/session.ts'
import { temporaryDirectory } from '../fixtures/directory.ts'
import { completeDraft, fakeWork } from '../unit/installer/wizard/fake-work.ts'

export interface Site {
  session: OwnSession
  web: Web
  origin: string
  /** a request as a browser of the wizard's own pages sends it; `change` makes it another one */
  ask(method: string, path: string, change?: Change): Promise<Reply>
  /** lets a browser in; its requests are told apart by the cookie */
  enter(): Promise<{ cookie: string; face: string }>
  token(): Promise<string>
}

export interface Change {
  headers?: Record<string, string | undefined>
  body?: unknown
  cookie?: string
}

export interface Reply {
  status: number
  headers: IncomingHttpHeaders
  text: string
  code: string | undefined
}

export const assets = new Map([
  ['index.html', { type: 'text/html; charset=utf-8', bytes: Buffer.from('<!doctype html>wizard') }],
  ['assets/main-abc.js', { type: 'text/javascript; charset=utf-8', bytes: Buffer.from('0') }],
])

/** A session with the browsers' door open on a free port. */
export async function wizardSite(
  t: TestContext,
  options: SessionOptions = {},
  limits: Partial<WebLimits> = {},
): Promise<Site> {
  const session = await openSession(await temporaryDirectory(t), {
    work: fakeWork(),
    draft: completeDraft,
    base: '/',
    ...options,
  })
  t.after(() => session.close())
  const web = await openWeb(session, { listen: { host: '127.0.0.1', port: 0 }, assets, limits })
  session.onClose(web.close)
  const agent = new Agent({ keepAlive: false, rejectUnauthorized: false })
  t.after(() => agent.destroy())
  const origin = `https://127.0.0.1:${web.address.port}`
  const token = async () => (await web.invite()).url.split('#')[1] ?? ''
  const ask: Site['ask'] = async (method, path, { headers = {}, body, cookie } = {}) => {
    const own = {
      origin: method === 'GET' ? undefined : origin,
      'x-sealift': '1',
      'content-type': body === undefined ? undefined : 'application/json',
      cookie: cookie && `__Host-sealift=${cookie}`,
      ...headers,
    }
    const response = await send(
      { agent, port: web.address.port, host: '127.0.0.1', method, path, headers: defined(own) },
      body === undefined || Buffer.isBuffer(body) ? body : JSON.stringify(body),
    )
    const text = await textOf(response)
    return { status: response.statusCode ?? 0, headers: response.headers, text, code: codeOf(text) }
  }
  return {
    session,
    web,
    origin,
    ask,
    token,
    async enter() {
      const { headers, text } = await ask('POST', '/api/enter', { body: { token: await token() } })
      const cookie = /^__Host-sealift=([^;]+)/.exec(headers['set-cookie']?.[0] ?? '')?.[1] ?? ''
      return { cookie, face: (JSON.parse(text) as { face: string }).face }
    },
  }
}

const defined = (headers: Record<string, string | undefined>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))

/** Sends a request; resolves when the answer's headers are there. */
export function send(options: RequestOptions, body?: string | Buffer): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = request({ agent: false, rejectUnauthorized: false, ...options }, resolve)
    sent.once('error', reject)
    sent.end(body)
  })
}

export async function textOf(response: IncomingMessage): Promise<string> {
  let text = ''
  for await (const part of response.setEncoding('utf8')) text += part
  return text
}

function codeOf(text: string): string | undefined {
  try {
    return (JSON.parse(text) as { error?: { code: string } }).error?.code
  } catch {
    return undefined
  }
}
