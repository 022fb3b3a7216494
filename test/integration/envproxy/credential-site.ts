import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Server } from 'node:net'
import type { TestContext } from 'node:test'
import ssh2 from 'ssh2'
import { createAccess } from '../../../services/envproxy/access.ts'
import { createEnvproxy } from '../../../services/envproxy/app.ts'
import { createDirectory, managerDirectory } from '../../../services/envproxy/dev-urls/directory.ts'
import { createManager } from '../../../services/envproxy/manager.ts'
import { askManager } from '../../../services/envproxy/manager-access.ts'
import { createQuota } from '../../../services/envproxy/quota.ts'
import { createLookup } from '../../../services/envproxy/ssh/lookup.ts'
import { newOwnKey } from '../../../services/envproxy/ssh/own-key.ts'
import { createSshServer as createGate } from '../../../services/envproxy/ssh/server.ts'
import { managerKeys } from '../../../services/envproxy/ticket.ts'
import { newOpensshKey } from '../../../services/ssh/openssh-key.ts'
import { createEnvagent } from '../../../services/workspace/app.ts'
import { grantReader } from '../../../services/workspace/grant.ts'
import { createIdeServer } from '../../../services/workspace/ide/door.ts'
import { shellEnvironment } from '../../../services/workspace/shell-environment.ts'
import { grantChecker } from '../../../services/workspace/ssh/grant.ts'
import { createSshServer } from '../../../services/workspace/ssh/server.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { accessUrl, internalKey, newSite, password } from '../manager/site.ts'
import type { Postgres } from '../postgres.ts'
import { pairOf, sendTo } from './dev-url-site.ts'
import { echo, listen, open } from './site.ts'

const silent = { info() {}, warn() {} }
const recheckMs = 150

/** Something that somebody has open. */
export interface Held {
  closed(): boolean
  /** `in`, or what another try to open it says */
  again(): Promise<string>
}

/**
 * The manager with its database, an envproxy that asks it again every 150 ms, and a workspace of `ada` with the agent's own
 * doors; `root` is a site-admin.
 */
export async function startCredentialSite(t: TestContext, postgres: Postgres) {
  const site = await newSite(t, postgres)
  await site.app.listen({ host: '127.0.0.1', port: 0 })
  const managerUrl = `http://127.0.0.1:${(site.app.server.address() as AddressInfo).port}`
  const ada = await person('ada')
  const root = await person('root', 'site-admin')
  const keeper = await site.logIn('ada')
  const size = { cpu: 1, memoryGiB: 1, diskGiB: 1 }
  const workspace = await made(keeper, '/api/v0/workspaces', { name: 'box', ...size })
  await site.reconcile()
  await made(keeper, '/api/v0/dev-urls', { workspace: workspace.id, port: 8000 })
  const scopes = ['workspaces:open', 'workspaces:read']
  const apiKey = await made(keeper, '/api/v0/api-keys', { name: 'ci', scopes, days: 1 })
  const privateKey = newOpensshKey()
  const publicKey = (ssh2.utils.parseKey(privateKey) as ssh2.ParsedKey).getPublicSSH().toString('base64')
  const sshKey = await made(keeper, '/api/v0/ssh-keys', { key: `ssh-ed25519 ${publicKey}` })

  const ports = await startWorkspace(t, workspace.id, (await site.call(undefined, 'GET', '/auth/jwks')).json())
  const manager = createManager(managerUrl, internalKey)
  /** what the manager was asked about, in order: credential and port */
  const asked: string[] = []
  const ask = askManager(manager)
  const access = createAccess({
    ask: (holder) => ask(holder).finally(() => asked.push(`${holder.credential} ${holder.port}`)),
    freshMs: recheckMs,
    staleMs: 2 * recheckMs,
  })
  const locate = ({ port }: { port: number }) => ({ host: '127.0.0.1', port: ports[port] ?? 1 })
  const envproxy = createEnvproxy({
    keys: managerKeys(managerUrl),
    locate,
    sharedKey: internalKey,
    access,
    devUrls: {
      hosts: { devUrls: site.hosts.devUrlsHost, editors: undefined },
      siteUrl: accessUrl,
      directory: createDirectory({ ask: managerDirectory(manager), freshMs: recheckMs }),
    },
  })
  await envproxy.app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = envproxy.app.server.address() as AddressInfo
  const ownKey = newOwnKey()
  const gate = createGate({
    hostKey: newOpensshKey(),
    ownKey,
    lookup: createLookup(manager, ownKey.fingerprint),
    locate: () => locate({ port: 12212 }),
    quota: createQuota({ total: 100, perUser: 8 }),
    access,
    activity: { mark() {}, hold: () => () => {}, close() {} },
    log: silent,
  })
  const gatePort = await listenSsh(t, gate)
  t.after(async () => {
    access.close()
    gate.cut()
    envproxy.cut()
    await envproxy.app.close()
  })

  /** A user with the one session by which things are opened. */
  async function person(name: string, role?: 'site-admin') {
    const { id } = await site.user(name, role)
    const token = await site.logIn(name)
    const [{ id: session }] = (await site.call(token, 'GET', `/api/v0/users/${id}/sessions`)).json()
    return { id, token, session: session as string }
  }
  async function made(token: string, url: string, body: object) {
    const answer = await site.call(token, 'POST', url, body)
    if (answer.statusCode !== 201) throw new Error(answer.body)
    return answer.json()
  }

  const webSocket = async (url: string, protocols: string[], headers: Record<string, string>): Promise<Held> => {
    const attempt = () => open(url, protocols, headers)
    const opened = await attempt()
    if (!('websocket' in opened)) throw new Error(JSON.stringify(opened))
    const { websocket } = opened
    return {
      closed: () => websocket.readyState === websocket.CLOSED,
      async again() {
        const answer = await attempt()
        if (!('websocket' in answer)) return answer.body.code
        answer.websocket.terminate()
        return 'in'
      },
    }
  }
  /** An answer that never ends. */
  const stream = async (path: string, headers: Record<string, string>): Promise<Held> => {
    const attempt = async () => {
      const socket = connect(port, '127.0.0.1').on('error', () => {})
      t.after(() => socket.destroy())
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
      socket.write(`GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`)
      const [head] = (await once(socket, 'data')) as [Buffer]
      socket.resume()
      return { socket, head: head.toString() }
    }
    const { socket, head } = await attempt()
    if (!head.startsWith('HTTP/1.1 200 ')) throw new Error(head)
    return {
      closed: () => socket.closed,
      async again() {
        const answer = await attempt()
        answer.socket.destroy()
        return answer.head.startsWith('HTTP/1.1 200 ') ? 'in' : (/"code":"(\w+)"/.exec(answer.head)?.[1] ?? answer.head)
      },
    }
  }

  const terminal = async (token: string): Promise<Held> => {
    const answer = await site.call(token, 'POST', `/api/v0/workspaces/${workspace.id}/tickets`, { port: 26337 })
    if (answer.statusCode !== 200) throw new Error(answer.body)
    const { path, ticket: jwt } = answer.json()
    return webSocket(`ws://127.0.0.1:${port}${path}`, ['cde.shell.v1', `ticket.${jwt}`], {})
  }
  /** The headers of a browser that has entered a dev URL or an editor. */
  const enter = async (label: string) => {
    const { token } = ada
    const host = `${label}.${site.hosts.devUrlsHost}`
    const first = await sendTo(port, '/', { host })
    const state = pairOf(first.headers)
    const handed = await site.call(token, 'GET', String(first.headers.location).replace(accessUrl, ''))
    const { pathname, search } = new URL(String(handed.headers.location))
    const entered = await sendTo(port, pathname + search, { host, cookie: state })
    return { path: '/', headers: { host, origin: `https://${host}`, cookie: pairOf(entered.headers) } }
  }
  const ssh = async (): Promise<Held> => {
    const attempt = async () => {
      const client = new ssh2.Client()
      t.after(() => client.destroy())
      client.connect({ host: '127.0.0.1', port: gatePort, username: 'ada-box', privateKey })
      await once(client, 'ready')
      client.on('error', () => {})
      const channel = await new Promise<ssh2.ClientChannel>((resolve, reject) =>
        client.exec('echo in; sleep 60', (error, opened) => (error ? reject(error) : resolve(opened))),
      )
      // a workspace that is off says so to who may log in
      const said = await Promise.race([once(channel, 'data'), once(channel.stderr, 'data')])
      return { client, said: String(said).trim() }
    }
    const { client, said } = await attempt()
    if (said !== 'in') throw new Error(said)
    let closed = false
    client.once('close', () => {
      closed = true
    })
    return {
      closed: () => closed,
      again: () =>
        attempt().then(
          (another) => another.said,
          (error: Error) => error.message,
        ),
    }
  }
  const socketOf = ({ path, headers }: Awaited<ReturnType<typeof enter>>) =>
    webSocket(`ws://127.0.0.1:${port}${path}`, [], headers)
  const streamOf = ({ path, headers }: Awaited<ReturnType<typeof enter>>) => stream(path, headers)

  const own = `session:${ada.session}`
  const key = `api-key:${apiKey.id}`
  /** One of each: by what it was opened, at which door, and what the manager is asked about it. */
  const openAll = async (): Promise<[name: string, asked: string, held: Held][]> => [
    ['session, terminal', `${own} 26337`, await terminal(ada.token)],
    ['session, editor', `${own} 13337`, await socketOf(await enter(`ide-${workspace.id}`))],
    ['session, page of the editor', `${own} 13337`, await streamOf(await enter(`ide-${workspace.id}`))],
    ['session, dev URL', `${own} 8000`, await socketOf(await enter('8000-box-ada'))],
    ['session, page of a dev URL', `${own} 8000`, await streamOf(await enter('8000-box-ada'))],
    ['API key, terminal', `${key} 26337`, await terminal(apiKey.token)],
    ['SSH key, SSH', `ssh-key:${sshKey.id} 12212`, await ssh()],
    ['session of an admin, terminal', `session:${root.session} 26337`, await terminal(root.token)],
  ]
  return { ...site, ada, root, keeper, workspace, apiKey, sshKey, asked, openAll, password }
}

/** A workspace with the agent's own doors and a server of its user; the ports by which each is reached. */
async function startWorkspace(t: TestContext, workspace: string, keys: Parameters<typeof grantReader>[0]) {
  const home = await temporaryDirectory(t)
  const environment = shellEnvironment({ PATH: process.env.PATH, HOME: home })
  const readGrant = grantReader(keys, workspace)
  const agent = createEnvagent({ home, environment, readGrant, log: silent })
  t.after(() => agent.sessions.endAll())
  const page = () => {
    const server = createServer((_request, answer) => void answer.writeHead(200).write('begun'))
    server.on('upgrade', echo())
    return listen(t, server)
  }
  const editorPort = await page()
  const editor = {
    async connect() {
      const socket = connect({ port: editorPort, host: '127.0.0.1', allowHalfOpen: true })
      await once(socket, 'connect')
      return socket
    },
    stop() {},
  }
  const ssh = createSshServer({
    hostKey: newOpensshKey(),
    check: grantChecker(readGrant),
    home,
    environment,
    sftpServer: '/usr/lib/openssh/sftp-server',
    log: silent,
  })
  return {
    26337: await listen(t, agent.server),
    13337: await listen(t, createIdeServer(editor, { readGrant, log: silent })),
    12212: await listenSsh(t, ssh),
    8000: await page(),
  } as Record<number, number>
}

async function listenSsh(t: TestContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return (server.address() as AddressInfo).port
}
