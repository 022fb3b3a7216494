import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server as NetServer, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import ssh2, { type Client, type ClientChannel, type ConnectConfig, type Connection } from 'ssh2'
import { createAccess } from '../../services/envproxy/access.ts'
import { noActivity } from '../../services/envproxy/activity.ts'
import { createQuota } from '../../services/envproxy/quota.ts'
import { newOwnKey } from '../../services/envproxy/ssh/own-key.ts'
import { createSshServer as createGate } from '../../services/envproxy/ssh/server.ts'
import { newOpensshKey } from '../../services/ssh/openssh-key.ts'
import { shellEnvironment } from '../../services/workspace/shell-environment.ts'
import { createSshServer } from '../../services/workspace/ssh/server.ts'
import { temporaryDirectory } from '../fixtures/directory.ts'

const silent = { info() {}, warn() {} }

/** What a hostile workspace does with a connection of ssh2, or, as `raw`, with a bare socket. */
export type Conduct = { ssh(connection: Connection): void } | { raw(socket: Socket): void }

/**
 * Envproxy's SSH door before two workspaces: Ann's is real and she has a shell there for as long as the test runs; what
 * Eve's does the test decides. Both log in with one key.
 */
export async function startSshDoor(t: TestContext) {
  const home = await temporaryDirectory(t)
  const key = newOpensshKey()
  const parsed = ssh2.utils.parseKey(key)
  if (parsed instanceof Error) throw parsed
  const keys = [{ id: 'one', key: parsed.getPublicSSH() }]
  const inside = createSshServer({
    hostKey: newOpensshKey(),
    check: async () => ({ user: 'ann' }),
    home,
    environment: shellEnvironment({ PATH: process.env.PATH, HOME: home }),
    sftpServer: '/usr/lib/openssh/sftp-server',
    log: silent,
  })
  const good = await listen(t, inside as unknown as NetServer)
  let conduct: Conduct = { raw: (socket) => socket.destroy() }
  const evil = new ssh2.Server({ hostKeys: [newOpensshKey()] }, (connection) => {
    connection.on('error', () => {})
    connection.on('authentication', (context) => context.accept())
    if ('ssh' in conduct) conduct.ssh(connection)
  })
  const bad = await listen(
    t,
    createServer((socket) => {
      socket.on('error', () => {})
      if ('raw' in conduct) conduct.raw(socket)
      else evil.injectSocket(socket as never)
    }),
  )
  const access = createAccess({ ask: async () => ({ grant: undefined }) })
  t.after(() => access.close())
  const gate = createGate({
    hostKey: newOpensshKey(),
    ownKey: newOwnKey(),
    lookup: async (name) =>
      name === 'ann' || name === 'eve' ? [{ user: name, workspace: name, status: 'ON', keys, grant: name }] : [],
    locate: (workspace) => ({ host: '127.0.0.1', port: workspace === 'eve' ? bad : good }),
    quota: createQuota({ total: 1000, perUser: 500 }),
    access,
    activity: noActivity,
    log: silent,
  })
  const port = await listen(t, gate as unknown as NetServer)
  t.after(() => gate.cut())
  const logIn = (user: string, changes: ConnectConfig = {}) =>
    logInAt(t, { port, username: user, privateKey: key, ...changes })
  const ann = await logIn('ann')
  const shell = await opened((done) => ann.exec('cat', done))
  shell.setEncoding('utf8')
  return {
    port,
    logIn,
    /** Logs in at a workspace itself, as envproxy does. */
    logInInside: () => logInAt(t, { port: good, username: 'ann', privateKey: key }),
    /** What Eve's workspace does from now on. */
    behave(next: Conduct): void {
      conduct = next
    },
    /** Runs a command in Eve's workspace; resolves when its channel or the connection has closed. */
    async throughEvil(): Promise<void> {
      const client = await logIn('eve')
      await new Promise<void>((resolve) => {
        client.once('close', resolve)
        client.exec('anything', (error, stream) => {
          if (error) return resolve()
          stream.on('error', () => {}).once('close', () => resolve())
          stream.resume()
          stream.stderr.resume()
        })
      })
      client.destroy()
    },
    /** Whether nobody else was harmed: Ann's shell answers. */
    async unharmed(): Promise<void> {
      const text = `${Math.random()}\n`
      shell.write(text)
      const [answer] = await once(shell, 'data', { signal: AbortSignal.timeout(10_000) })
      assert.equal(answer, text)
    },
    /** Whether a new login is served from its beginning to the exit of its command. */
    async servesOthers(): Promise<void> {
      const client = await logIn('ann')
      const stream = await opened((done) => client.exec('exit 7', done))
      assert.deepEqual(await once(stream.resume(), 'exit', { signal: AbortSignal.timeout(10_000) }), [7])
      client.destroy()
    },
  }
}

async function listen(t: TestContext, server: NetServer): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return (server.address() as AddressInfo).port
}

async function logInAt(t: TestContext, options: ConnectConfig): Promise<Client> {
  const client = new ssh2.Client()
  client.on('error', () => {})
  t.after(() => client.destroy())
  const ready = once(client, 'ready', { signal: AbortSignal.timeout(10_000) })
  client.connect({ host: '127.0.0.1', ...options }).setNoDelay(true)
  await ready
  return client
}

export function opened(
  open: (done: (error: Error | undefined, channel: ClientChannel) => void) => void,
): Promise<ClientChannel> {
  return new Promise((resolve, reject) => open((error, channel) => (error ? reject(error) : resolve(channel))))
}

/** Sends bytes to a port and resolves when the connection has ended, or after a while without a word. */
export function poke(port: number, bytes: Buffer | string): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
    socket.setTimeout(200, () => socket.destroy())
    socket.on('error', () => {})
    socket.once('close', () => resolve())
    socket.resume()
  })
}
