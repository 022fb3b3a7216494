import type { TestContext } from 'node:test'
import Fastify, { type FastifyReply } from 'fastify'
import { type WebSocket, WebSocketServer } from 'ws'
import { dashboard } from '../../../services/dashboard/app.ts'
import type { License, Workspace } from '../../../services/dashboard/web/api.ts'
import { buildDashboard } from '../../../services/dashboard/web/build.ts'
import type { Told } from '../../../services/dashboard/web/notices.ts'
import type { Image } from '../../../services/dashboard/web/site-api.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'

export type Connection = { socket: WebSocket; query: URLSearchParams; received: string; resized: unknown[] }

/** A site as a browser sees it: the real dashboard, and a manager and a workspace that this file plays. */
export type FakeSite = {
  url: string
  workspaces: Workspace[]
  /** how many of them one answer has */ pageSize: number
  license: License
  /** what every answer of the API but login, me and license is, when set */
  refuse: { status: number; code: string; message: string; fix: string } | undefined
  connections: Connection[]
  protocols: string[]
  uploaded: string[]
  images: Image[]
  /** what was asked of single workspaces, as method, path and body */
  asked: [string, string, unknown][]
  /** whether there is an identity provider, which refuses everyone */
  oidc: boolean
  /** connections that watched the list, and how often it was read */
  watches: number
  reads: number
  /** Tells every page of these notices, and those that come later. */
  tellNotices: (told: Told) => void
  /** Cuts what watches the list, with a close code. */
  cutWatches: (code: number) => void
}

const user = { id: 'useruseru1', username: 'admin', role: 'site-admin' }

export const workspace = (name: string, change: Partial<Workspace> = {}): Workspace => ({
  id: name.padEnd(10, '0').slice(0, 10),
  name,
  owner: { id: user.id, username: user.username },
  image: 'registry.example/cde/workspace@sha256:0',
  cpu: 2,
  memoryGiB: 4,
  diskGiB: 20,
  gpus: 0,
  status: 'ON',
  imageId: 'release000',
  tag: '0.1.0',
  autoOffMinutes: null,
  createdAt: '2026-01-01T00:00:00.000Z',
  editorUrl: `https://ide-${name.padEnd(10, '0').slice(0, 10)}.dev.example/`,
  ...change,
})

export const image = (name: string, change: Partial<Image> = {}): Image => ({
  id: name.padEnd(10, '0').slice(0, 10),
  name,
  repository: `registry.example/cde/${name}`,
  releaseImage: name === 'release',
  deprecated: false,
  defaultTag: '0.1.0',
  tags: [{ tag: '0.1.0', reference: `registry.example/cde/${name}:0.1.0@sha256:${'0'.repeat(64)}` }],
  sizes: {
    cpu: 1,
    memoryGiB: 2,
    diskGiB: 5,
    gpus: 0,
    maxCpu: null,
    maxMemoryGiB: null,
    maxDiskGiB: null,
    maxGpus: null,
  },
  ...change,
})

export const enterprise: License = {
  mode: 'airgapped',
  standing: 'entitled',
  daysLeft: 211,
  claims: {
    id: 'L-2026-0042',
    customer: 'Northern Harbour Authority',
    tier: 'enterprise',
    features: { airgap: true, seats: 250 },
    nbf: 1_767_225_600,
    license_expires: 1_798_761_600,
    exp: 1_801_353_600,
  },
}

/** Starts the site on a free port; the password is `open sesame`. */
export async function fakeSite(t: TestContext): Promise<FakeSite> {
  const directory = await temporaryDirectory(t)
  await buildDashboard(directory)
  const app = Fastify({ forceCloseConnections: true })
  const site: FakeSite = {
    url: '',
    workspaces: [],
    pageSize: 100,
    license: enterprise,
    refuse: undefined,
    connections: [],
    protocols: [],
    uploaded: [],
    images: [image('release')],
    asked: [],
    oidc: false,
    watches: 0,
    tellNotices: () => {},
    cutWatches: () => {},
    reads: 0,
  }
  await app.register(dashboard, { directory })
  const refused = (reply: FastifyReply) => site.refuse && reply.code(site.refuse.status).send(site.refuse)
  const loggedIn = (cookie: string | undefined) => cookie?.includes('session_token=yes') === true

  app.addHook('onRequest', async (request, reply) => {
    if (!request.url.startsWith('/api/')) return
    if (!loggedIn(request.headers.cookie))
      return reply.code(401).send({ code: 'AUTH_REQUIRED', message: 'you are not logged in' })
    if (request.url.startsWith('/api/v0/workspaces')) return refused(reply)
  })
  app.post<{ Body: { password: string } }>('/auth/basic/login', (request, reply) =>
    request.body.password === 'open sesame'
      ? reply.header('set-cookie', 'session_token=yes; Path=/; HttpOnly; SameSite=Strict').send({ user })
      : reply.code(401).send({ code: 'AUTH_FAILED', message: 'the user name or the password is wrong' }),
  )
  app.get('/auth/methods', async () => ({ password: true, oidc: site.oidc }))
  app.get('/auth/oidc/login', async (_request, reply) => reply.redirect('/?login_error=OIDC_REFUSED', 303))
  app.post('/auth/logout', (_request, reply) =>
    reply.code(204).header('set-cookie', 'session_token=; Path=/; Max-Age=0').send(),
  )
  app.get('/api/v0/me', async () => user)
  app.get<{ Querystring: { after?: string; name?: string } }>('/api/v0/workspaces', async ({ query }, reply) => {
    site.reads++
    const { after, name = '' } = query
    const all = site.workspaces.filter((one) => one.name.includes(name))
    const from = all.findIndex(({ id }) => id === after) + 1
    const page = all.slice(from, from + site.pageSize)
    const next = `/api/v0/workspaces?${new URLSearchParams({ name, after: page.at(-1)?.id ?? '' })}`
    if (from + page.length < all.length) reply.header('link', `<${next}>; rel="next"`)
    return page
  })
  app.post<{ Body: { name: string } }>('/api/v0/workspaces', async (request, reply) => {
    const made = workspace(request.body.name, { ...request.body, status: 'CREATING' })
    site.workspaces.push(made)
    return reply.code(201).send(made)
  })
  app.addHook('preHandler', async ({ method, url, body }) => {
    if (method !== 'GET' && url.startsWith('/api/v0/workspaces/')) site.asked.push([method, url, body])
  })
  const found = async ({ params: { id } }: { params: { id: string } }) => site.workspaces.find((one) => one.id === id)
  app.get<{ Params: { id: string } }>('/api/v0/workspaces/:id', found)
  app.patch<{ Params: { id: string } }>('/api/v0/workspaces/:id', found)
  for (const verb of ['start', 'stop', 'rebuild'])
    app.post<{ Params: { id: string } }>(`/api/v0/workspaces/:id/${verb}`, found)
  app.get('/api/v0/images', async () => site.images)
  app.get('/api/v0/organizations', async () => [{ id: 'default000', name: 'default' }])
  app.delete<{ Params: { id: string } }>('/api/v0/workspaces/:id', async (request, reply) => {
    site.workspaces = site.workspaces.filter((one) => one.id !== request.params.id)
    return reply.code(204).send()
  })
  app.post<{ Params: { id: string } }>('/api/v0/workspaces/:id/tickets', async (request) => ({
    ticket: 'header.claims.signature',
    path: `/proxy/workspaces/${request.params.id}/shell`,
  }))
  app.get('/api/v0/license', async () => site.license)
  app.put<{ Body: { license: string } }>('/api/v0/license', async (request, reply) => {
    site.uploaded.push(request.body.license)
    if (!request.body.license.startsWith('good'))
      return reply.code(400).send({ code: 'LICENSE_FORGED', message: 'the license is not signed', fix: 'ask sales' })
    site.license = enterprise
    return site.license
  })

  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => {
      site.protocols = [...offered]
      return 'cde.shell.v1'
    },
  })
  const watchers = new WebSocketServer({ noServer: true })
  const noticed = new WebSocketServer({ noServer: true })
  let notices = JSON.stringify({ type: 'notices', now: new Date().toISOString(), notices: [] })
  site.tellNotices = (told) => {
    notices = JSON.stringify({ type: 'notices', ...told })
    for (const one of noticed.clients) one.send(notices)
  }
  app.server.on('upgrade', (request, socket, head) => {
    if (request.url === '/api/v0/workspaces/watch-update')
      return watchers.handleUpgrade(request, socket, head, (opened) => {
        site.watches++
        let told = ''
        const timer = setInterval(() => {
          const now = JSON.stringify(site.workspaces)
          const workspaces = site.workspaces.slice(0, site.pageSize)
          const next = workspaces.length < site.workspaces.length ? workspaces.at(-1)?.id : null
          if (now !== told) opened.send(JSON.stringify({ type: 'snapshot', workspaces, next }))
          told = now
        }, 20)
        opened.on('close', () => clearInterval(timer))
      })
    if (request.url === '/api/v0/notices/watch')
      return noticed.handleUpgrade(request, socket, head, (opened) => opened.send(notices))
    sockets.handleUpgrade(request, socket, head, (opened) => {
      const connection: Connection = {
        socket: opened,
        query: new URL(request.url ?? '', 'http://site').searchParams,
        received: '',
        resized: [],
      }
      site.connections.push(connection)
      opened.on('message', (data: Buffer, binary) => {
        if (!binary) return connection.resized.push(JSON.parse(data.toString()))
        connection.received += data.toString()
        return opened.send(data)
      })
      opened.send(JSON.stringify({ type: 'session', id: 'a'.repeat(22) }))
      opened.send(Buffer.from('\x1b[32mcoder@harbour\x1b[0m:\x1b[34m~\x1b[0m$ '))
    })
  })
  site.cutWatches = (code) => {
    for (const one of watchers.clients) one.close(code)
  }
  await app.listen({ port: 0, host: '127.0.0.1' })
  site.url = `http://127.0.0.1:${(app.server.address() as { port: number }).port}`
  t.after(async () => {
    for (const { socket } of site.connections) socket.terminate()
    for (const one of [...watchers.clients, ...noticed.clients]) one.terminate()
    await app.close()
  })
  return site
}
