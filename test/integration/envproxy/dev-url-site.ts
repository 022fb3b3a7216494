import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { TestContext } from 'node:test'
import { createAccess } from '../../../services/envproxy/access.ts'
import { createEnvproxy, type EnvproxyOptions } from '../../../services/envproxy/app.ts'
import { createDirectory, managerDirectory } from '../../../services/envproxy/dev-urls/directory.ts'
import type { VisitHosts } from '../../../services/envproxy/dev-urls/host.ts'
import { createManager } from '../../../services/envproxy/manager.ts'
import { askManager } from '../../../services/envproxy/manager-access.ts'
import { managerKeys } from '../../../services/envproxy/ticket.ts'
import { guarded, signingKey } from './guarded.ts'
import { echo, listen, open } from './site.ts'

export const devHost = 'dev.example'
export const siteUrl = 'https://cde.example'
export const ann = { label: '8000-box-ann', id: 'devurlann1', workspace: 'abcde12345', port: 8000, access: 'private' }
/** The editors of their workspaces. */
export const annEditor = editor('abcde12345')
export const eveEditor = editor('zzzzz12345')
export const eve = { label: '8000-box-eve', id: 'devurleve1', workspace: 'zzzzz12345', port: 8000, access: 'private' }

function editor(workspace: string) {
  return { label: `ide-${workspace}`, id: `ide-${workspace}`, workspace, port: 13337, access: 'private' }
}

export interface Answer {
  status: number
  headers: IncomingMessage['headers']
  body: string
}

type Handler = (request: IncomingMessage, answer: ServerResponse) => void

/**
 * An envproxy that serves dev URLs of two workspaces, `ann`'s and `eve`'s, before one server that plays both. The manager
 * is played too: `known` are its dev URLs, `may` says which user may open which.
 */
export async function startDevUrls(
  t: TestContext,
  inside: Handler,
  more: Partial<EnvproxyOptions> & { hosts?: VisitHosts; located?: (place: { port: number }) => void } = {},
) {
  const { hosts = { devUrls: devHost, editors: undefined }, located, ...options } = more
  const key = await signingKey()
  const known = new Map([ann, eve, annEditor, eveEditor].map((one) => [one.label, { ...one }]))
  const manager = {
    known,
    away: false,
    may: (user: string, workspace: string): boolean => workspace === (user === 'ann' ? ann : eve).workspace,
  }
  const managerPort = await listen(
    t,
    createServer(async (asked, answer) => {
      const { pathname, searchParams } = new URL(asked.url ?? '', 'http://manager')
      const reply = (status: number, body: object) =>
        answer.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
      if (pathname === '/auth/jwks') return reply(200, key.jwks)
      if (manager.away) return reply(500, {})
      const found = known.get(pathname.split('/').at(-1) ?? '')
      if (found === undefined) return reply(404, {})
      const user = searchParams.get('user')
      if (user !== null && found.access === 'private' && !manager.may(user, found.workspace)) return reply(403, {})
      const { id, workspace, port, access } = found
      const grant = user !== null && port === 13337 ? await key.grant(workspace, port) : undefined
      reply(200, { id, workspace, port, access, grant })
    }),
  )
  const reached: IncomingMessage[] = []
  const workspace = createServer((incoming, answer) => {
    reached.push(incoming)
    inside(incoming, answer)
  })
  workspace.on(
    'upgrade',
    echo((seen) => reached.push(seen)),
  )
  const workspacePort = await listen(t, workspace)
  /** as an agent has them */
  const editorPorts = new Map<string, number>()
  for (const place of [annEditor, eveEditor])
    editorPorts.set(place.workspace, await listen(t, guarded(key, place, workspace)))
  const url = `http://127.0.0.1:${managerPort}`
  const calls = createManager(url, 'a key of more than thirty-two characters, shared')
  const access = createAccess({ ask: askManager(calls), freshMs: 100, staleMs: 300 })
  t.after(() => access.close())
  const used: string[] = []
  const envproxy = createEnvproxy({
    keys: managerKeys(url),
    locate(place) {
      located?.(place)
      const editor = place.port === 13337 ? editorPorts.get(place.workspace) : undefined
      return { host: '127.0.0.1', port: editor ?? workspacePort }
    },
    sharedKey: 'a key of more than thirty-two characters, shared',
    trusts: (address) => address.endsWith('127.0.0.1'),
    access,
    activity: { mark: (id) => used.push(id), hold: () => () => {}, close() {} },
    devUrls: {
      hosts,
      siteUrl,
      directory: createDirectory({ ask: managerDirectory(calls), freshMs: 100, staleMs: 300 }),
    },
    ...options,
  })
  const port = await listen(t, envproxy.app.server)
  await envproxy.app.ready()

  const send = (label: string, path: string, headers: Record<string, string> = {}, method = 'GET', body?: string) =>
    sendTo(port, path, { host: `${label}.${devHost}`, ...headers }, method, body)
  const ticket = (claims: object = {}, audience = 'dev-url') =>
    key.sign(
      {
        sub: 'ann',
        credential: 'session:1',
        label: ann.label,
        devUrl: ann.id,
        workspace: ann.workspace,
        port: 8000,
        ...claims,
      },
      audience,
    )
  /** A browser that begins a login at a dev URL: its cookie and what the manager puts into the ticket. */
  const begin = async (label: string = ann.label) => {
    const { headers } = await send(label, '/')
    const cookie = pairOf(headers)
    return {
      cookie,
      state: createHash('sha256')
        .update(cookie.split('=')[1] ?? '')
        .digest('base64url'),
    }
  }
  /** A whole login; resolves with the Cookie header of the browser. */
  const enter = async (one: typeof ann = ann, user = 'ann') => {
    const { cookie, state } = await begin(one.label)
    const { label, id: devUrl, workspace, port } = one
    const jwt = await ticket({ label, devUrl, workspace, port, state, sub: user })
    const answer = await send(label, `/.cde/enter?ticket=${jwt}&to=/`, { cookie })
    if (answer.status !== 302) throw new Error(answer.body)
    return `${cookie}; ${pairOf(answer.headers)}`
  }
  const socket = (label: string, headers: Record<string, string>) =>
    open(`ws://127.0.0.1:${port}/live?a=b`, ['hmr'], { host: `${label}.${devHost}`, ...headers })
  return { port, manager, reached, used, send, ticket, begin, enter, socket, envproxy }
}

/** name=value of the first Set-Cookie */
export const pairOf = (headers: IncomingMessage['headers']): string =>
  String(headers['set-cookie']?.[0]).split(';')[0] as string

export function sendTo(
  port: number,
  path: string,
  headers: Record<string, string> | string[],
  method = 'GET',
  body?: string,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, path, method, headers, setHost: false }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text }))
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}
