import type { LookupFunction } from 'node:net'
import { Agent, fetch } from 'undici'
import { WebSocket } from 'ws'

/** Where the platform answers, as a browser at the bastion reaches it. */
export interface Platform {
  /** name in URLs and certificates */
  host: string
  /** address that the name stands for */
  address: string
  /** port of https at that address */
  port: number
  /** CA of its certificate, PEM */
  ca: string
}

export interface Workspace {
  id: string
  name: string
  status: string
  /** why, where something is in the way */
  statusMessage?: string
  /** null where the site has no editors */
  editorUrl: string | null
}

/** A person at a browser: keeps a session and sees what the API answers. Every request has a time limit. */
export interface User {
  request(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }>
  createWorkspace(name: string): Promise<Workspace>
  /** Waits until the workspace is ON; throws where it is not after `timeout` milliseconds. */
  waitForWorkspace(id: string, timeout: number): Promise<void>
  /** Runs one line in a new terminal of the workspace, through ingress and envproxy; returns all that it showed. */
  runInTerminal(id: string, line: string): Promise<string>
  /** A WebSocket as this person's browser opens it, not yet connected. */
  openSocket(path: string, protocols?: string[]): WebSocket
  close(): Promise<void>
}

/** Logs in with a password. Throws where the answer is not 200. */
export async function logIn(platform: Platform, username: string, password: string): Promise<User> {
  const nobody = withSession(platform, '')
  try {
    const { status, body } = await nobody.request('POST', '/auth/basic/login', { username, password })
    if (status !== 200) throw new Error(`POST /auth/basic/login: ${status} ${JSON.stringify(body)}`)
    return withSession(platform, (body as { session_token: string }).session_token)
  } finally {
    await nobody.close()
  }
}

/** The person whose session `token` is; without one, somebody who is not logged in. */
export function withSession(platform: Platform, token: string): User {
  const origin = `https://${platform.host}${platform.port === 443 ? '' : `:${platform.port}`}`
  // the site's names are in no DNS of this machine
  const lookup: LookupFunction = (_host, options, callback) =>
    options.all ? callback(null, [{ address: platform.address, family: 4 }]) : callback(null, platform.address, 4)
  const dispatcher = new Agent({ connect: { ca: platform.ca, lookup } })

  const request: User['request'] = async (method, path, body) => {
    const response = await fetch(`${origin}${path}`, {
      method,
      dispatcher,
      headers: {
        ...(token ? { 'session-token': token } : {}),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(15_000),
    })
    const text = await response.text()
    const json = response.headers.get('content-type')?.includes('json')
    return { status: response.status, body: json && text ? JSON.parse(text) : text }
  }
  const expect = async <T>(status: number, method: string, path: string, body?: unknown): Promise<T> => {
    const answer = await request(method, path, body)
    if (answer.status !== status) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer.body as T
  }

  const openSocket: User['openSocket'] = (path, protocols = []) =>
    new WebSocket(`${origin.replace('https:', 'wss:')}${path}`, protocols, {
      ca: platform.ca,
      lookup,
      origin,
      headers: token ? { 'session-token': token } : {},
      handshakeTimeout: 15_000,
    })

  return {
    request,
    openSocket,
    createWorkspace: (name) => expect(201, 'POST', '/api/v0/workspaces', { name, cpu: 1, memoryGiB: 1, diskGiB: 1 }),
    async waitForWorkspace(id, timeout) {
      const end = Date.now() + timeout
      for (;;) {
        const { status, statusMessage } = await expect<Workspace>(200, 'GET', `/api/v0/workspaces/${id}`)
        if (status === 'ON') return
        if (status === 'FAILED' || Date.now() > end)
          throw new Error(`workspace ${id} is ${status}: ${statusMessage ?? 'no reason given'}`)
        await new Promise((resolve) => setTimeout(resolve, 250))
      }
    },
    async runInTerminal(id, line) {
      const { ticket, path } = await expect<{ ticket: string; path: string }>(
        200,
        'POST',
        `/api/v0/workspaces/${id}/tickets`,
        { port: 26337 },
      )
      return await typeLine(openSocket(`${path}?cols=120&rows=30`, ['cde.shell.v1', `ticket.${ticket}`]), line)
    },
    close: () => dispatcher.close(),
  }
}

/** Types a line and `exit`, and collects what the terminal shows until the shell ends. */
function typeLine(socket: WebSocket, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let shown = ''
    const timer = setTimeout(
      () => finish(new Error(`the terminal did not end; it showed: ${shown.slice(-500)}`)),
      30_000,
    )
    const finish = (error?: Error) => {
      clearTimeout(timer)
      socket.terminate()
      if (error) reject(error)
      else resolve(shown)
    }
    socket.on('open', () => socket.send(Buffer.from(`${line}\nexit\n`)))
    socket.on('message', (data, binary) => {
      if (binary) shown += data.toString()
      else if (JSON.parse(data.toString()).type === 'exit') finish()
    })
    socket.on('error', finish)
    socket.on('close', () => finish())
  })
}
