import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { type ClientOptions, WebSocket } from 'ws'
import { connectTo } from '../../../services/envproxy/connect.ts'
import { agentPort, createEnvagent, type EnvagentOptions } from '../../../services/workspace/app.ts'
import { grantReader } from '../../../services/workspace/grant.ts'
import { shellEnvironment } from '../../../services/workspace/shell-environment.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { signingKey } from '../envproxy/guarded.ts'

const workspace = 'abcde12345'

/** An envagent with real shells on a free port; `connect` opens a terminal. */
export async function startAgent(t: TestContext, options: Partial<EnvagentOptions> = {}) {
  const home = await temporaryDirectory(t)
  const environment = { ...shellEnvironment({ PATH: process.env.PATH, HOME: home }), PS1: '$ ' }
  const log = { info() {}, warn() {} }
  const key = await signingKey()
  const readGrant = grantReader(key.jwks, workspace)
  const agent = createEnvagent({ home, environment, readGrant, log, ...options })
  const grant = await key.grant(workspace, agentPort)
  agent.server.listen(0, '127.0.0.1')
  await once(agent.server, 'listening')
  const sockets = new Set<Socket>()
  agent.server.on('connection', (socket) => sockets.add(socket))
  const { port } = agent.server.address() as AddressInfo
  t.after(() => {
    agent.sessions.endAll()
    for (const socket of sockets) socket.destroy()
    agent.server.close()
  })
  const address = { host: '127.0.0.1', port }
  /** A WebSocket as envproxy makes one. */
  const open = (path: string, more: ClientOptions = {}) =>
    new WebSocket(`ws://agent${path}`, ['cde.shell.v1'], { createConnection: connectTo(address, grant), ...more })
  return { ...agent, home, port, key, grant, open, connect: (query = '') => connectShell(open(`/shell${query}`)) }
}

/** A client of the terminal protocol that keeps everything it was sent. */
export async function connectShell(websocket: WebSocket) {
  let output = ''
  const control: { type: string; id?: string; resumed?: boolean; code?: number }[] = []
  websocket.on('message', (data: Buffer, isBinary) => {
    if (isBinary) output += data.toString('latin1')
    else control.push(JSON.parse(data.toString('utf8')))
  })
  const closed = new Promise<number>((resolve) => websocket.once('close', (code) => resolve(code)))
  await once(websocket, 'open')
  const until = async (what: string, done: () => boolean) => {
    for (let i = 0; i < 500; i += 1) {
      if (done()) return
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    throw new Error(`not seen within 5 s: ${what}; output: ${JSON.stringify(output.slice(-500))}`)
  }
  return {
    websocket,
    control,
    closed,
    output: () => output,
    type: (text: string) => websocket.send(Buffer.from(text)),
    /** waits for text that the shell writes */
    seen: (pattern: RegExp) => until(String(pattern), () => pattern.test(output)),
    /** id of the session, once the server has said it */
    async id() {
      await until('session', () => control[0]?.type === 'session')
      return control[0]?.id ?? ''
    },
    until,
  }
}
