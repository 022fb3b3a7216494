import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { WebSocket } from 'ws'
import { createEnvagent, type EnvagentOptions } from '../../../services/workspace/app.ts'
import { shellEnvironment } from '../../../services/workspace/shell-environment.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'

/** An envagent with real shells on a free port; `connect` opens a terminal. */
export async function startAgent(t: TestContext, options: Partial<EnvagentOptions> = {}) {
  const home = await temporaryDirectory(t)
  const environment = { ...shellEnvironment({ PATH: process.env.PATH, HOME: home }), PS1: '$ ' }
  const log = { info() {}, warn() {} }
  const agent = createEnvagent({ home, environment, log, ...options })
  agent.server.listen(0, '127.0.0.1')
  await once(agent.server, 'listening')
  const { port } = agent.server.address() as AddressInfo
  t.after(() => {
    agent.sessions.endAll()
    agent.server.closeAllConnections()
    agent.server.close()
  })
  return { ...agent, home, port, connect: (query = '') => connectShell(`ws://127.0.0.1:${port}/shell${query}`) }
}

/** A client of the terminal protocol that keeps everything it was sent. */
export async function connectShell(url: string) {
  const websocket = new WebSocket(url, ['cde.shell.v1'])
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
