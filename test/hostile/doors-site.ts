import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect, createServer as createRawServer, type Server, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { createAccess } from '../../services/envproxy/access.ts'
import { ann, devHost, eve, eveEditor, startDevUrls } from '../integration/envproxy/dev-url-site.ts'
import { connected, echo, listen } from '../integration/envproxy/site.ts'

/** What a hostile workspace writes: bytes, or a function of the request's head that gives them. */
export type Reply = Buffer | string | ((head: string) => Buffer | string)

/**
 * An envproxy before two workspaces. Eve's answers each connection with raw bytes, and everybody may open its dev URL;
 * Ann's is well-behaved, and she has a terminal there for as long as the test runs.
 */
export async function startDoors(t: TestContext) {
  let reply: Reply = ''
  const hostile = await listenRaw(t, () => reply)
  const good = createServer()
  good.on('upgrade', echo())
  const goodPort = await listen(t, good)
  const access = createAccess({ ask: async () => ({ grant: undefined }) })
  t.after(() => access.close())
  const site = await startDevUrls(t, () => {}, {
    locate: ({ workspace }) => ({ host: '127.0.0.1', port: workspace === eve.workspace ? hostile : goodPort }),
    access,
    handshakeMs: 2_000,
  })
  site.manager.known.set(eve.label, { ...eve, access: 'public' })
  const shell = (workspace: string) => `/proxy/workspaces/${workspace}/shell`
  const shellTicket = (workspace: string) => site.ticket({ workspace, port: 26337, path: shell(workspace) }, 'envproxy')
  const terminal = await connected(
    `ws://127.0.0.1:${site.port}${shell(ann.workspace)}`,
    await shellTicket(ann.workspace),
  )
  t.after(() => terminal.terminate())

  const upgrade = (path: string, host: string, protocols: string[], cookie = '') =>
    [
      `GET ${path} HTTP/1.1`,
      `Host: ${host}`,
      `Origin: https://${host}`,
      `Cookie: ${cookie}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
      `Sec-WebSocket-Protocol: ${protocols.join(', ')}`,
      '\r\n',
    ].join('\r\n')
  const host = `${eve.label}.${devHost}`
  const editorHost = `${eveEditor.label}.${devHost}`
  const cookie = await site.enter(eveEditor, 'eve')
  /** Requests that lead to the hostile workspace, one for each door. */
  const requests = {
    'dev URL': async () => `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
    'dev URL, HEAD': async () => `HEAD / HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
    'dev URL, POST': async () => `POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 4\r\n\r\nbody`,
    'dev URL, WebSocket': async () => upgrade('/live', host, ['hmr']),
    editor: async () => `GET / HTTP/1.1\r\nHost: ${editorHost}\r\nCookie: ${cookie}\r\n\r\n`,
    'editor, WebSocket': async () => upgrade('/?reconnectionToken=1', editorHost, [], cookie),
    terminal: async () =>
      upgrade(shell(eve.workspace), 'cde.example', [`ticket.${await shellTicket(eve.workspace)}`, 'cde.shell.v1']),
  }
  return {
    ...site,
    host,
    requests,
    /** What the hostile workspace answers from now on. */
    answerWith(bytes: Reply): void {
      reply = bytes
    },
    /** What a client gets through a door while the workspace answers with `bytes`. */
    async through(door: keyof typeof requests, bytes: Reply): Promise<string> {
      reply = bytes
      return await exchange(site.port, await requests[door]())
    },
    /** Whether nobody else was harmed: envproxy says that it is well, and Ann's terminal answers. */
    async unharmed(): Promise<void> {
      const health = await exchange(
        site.port,
        'GET /healthz HTTP/1.1\r\nHost: cde.example\r\nConnection: close\r\n\r\n',
      )
      assert.match(health, /^HTTP\/1\.1 200 /, 'envproxy is not well')
      const text = String(Math.random())
      const [[answer]] = await Promise.all([
        once(terminal, 'message', { signal: AbortSignal.timeout(10_000) }),
        terminal.send(text),
      ])
      assert.equal(String(answer), text)
    },
  }
}

/** Listens with a server that answers the first request of each connection with raw bytes and ends it. */
async function listenRaw(t: TestContext, reply: () => Reply): Promise<number> {
  const server: Server = createRawServer((socket) => {
    let head = ''
    socket.on('error', () => {})
    socket.setEncoding('latin1').on('data', (chunk) => {
      const before = head
      head += chunk
      if (before.includes('\r\n\r\n') || !head.includes('\r\n\r\n')) return
      const bytes = reply()
      socket.end(typeof bytes === 'function' ? bytes(head) : bytes)
    })
  })
  return await listen(t, server as never)
}

/**
 * Sends bytes and resolves with what came back (as latin1) when the connection ends, or when it has been quiet for
 * `quietMs` behind a first byte. `ends`: the client says that it has no more.
 */
export function exchange(port: number, bytes: Buffer | string, { quietMs = 100, ends = false } = {}): Promise<string> {
  return new Promise((resolve) => {
    const socket: Socket = connect(port, '127.0.0.1')
    let text = ''
    socket.setEncoding('latin1')
    socket.on('data', (chunk) => {
      text += chunk
      socket.setTimeout(quietMs)
    })
    socket.setTimeout(10_000)
    socket.once('timeout', () => socket.destroy())
    socket.on('error', () => {})
    socket.once('close', () => resolve(text))
    if (ends) socket.end(bytes)
    else socket.write(bytes)
  })
}
