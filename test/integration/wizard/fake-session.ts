import type { TestContext } from 'node:test'
import Fastify, { type FastifyRequest } from 'fastify'
import { stringify } from 'yaml'
import { emptyDraft, setAnswer } from '../../../installer/src/answers/draft.ts'
import { faultsOf } from '../../../installer/src/answers/fault.ts'
import { questions, settled } from '../../../installer/src/answers/questions.ts'
import type { CheckResult } from '../../../installer/src/checks/check.ts'
import {
  emptyView,
  type Look,
  type Looked,
  reduce,
  type SessionEvent,
  type Stamped,
  type View,
} from '../../../installer/src/wizard/view.ts'
import { wizardAssets } from '../../../installer/wizard/assets.ts'

/** An installation's session as a browser sees it: the real pages and view, and a machine that this file plays. */
export type FakeSession = {
  /** the address with a token that any number of browsers may use */
  url: string
  view: () => View
  emit: (event: SessionEvent) => void
  /** what was asked of it, as path and body */
  asked: [string, unknown][]
  /** what a look finds; without it, `found` */
  looked: Partial<Record<Look, Looked>>
  /** what the checks find */
  checks: CheckResult[]
  /** tokens of faces that are here, in the order in which they came */
  faces: string[]
  /** Cuts all connections that listen to events. */
  cut: () => void
}

export const found: Looked = { state: 'good', facts: [{ label: 'Found', text: 'as it should be' }] }
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
const token = 'one-time-token-of-a-test'

/** Starts a session on a free port. */
export async function fakeSession(t: TestContext, draft: View['draft'] = emptyDraft): Promise<FakeSession> {
  const assets = await wizardAssets()
  const app = Fastify({ forceCloseConnections: true, bodyLimit: 1 << 20 })
  let view: View = { ...emptyView, draft, faults: faultsBy(draft) }
  const listeners = new Set<{ write: (text: string) => unknown; destroy: () => unknown }>()
  const session: FakeSession = {
    url: '',
    view: () => view,
    emit,
    asked: [],
    looked: {},
    checks: [],
    faces: [],
    cut: () => {
      for (const one of listeners) one.destroy()
    },
  }

  function emit(event: SessionEvent): void {
    const stamped: Stamped = { at: Date.now(), ...event, seq: view.seq + 1 }
    view = reduce(view, stamped)
    for (const one of listeners) one.write(`id: ${stamped.seq}\ndata: ${JSON.stringify(stamped)}\n\n`)
  }
  const change = (next: View['draft']): View['faults'] => {
    const faults = faultsBy(next)
    emit({ type: 'draft', draft: next, faults })
    return faults
  }
  const faceOf = ({ headers }: FastifyRequest): string | undefined => /face=(\w+)/.exec(headers.cookie ?? '')?.[1]
  const tellFaces = (): void =>
    emit({
      type: 'faces',
      faces: session.faces.map((id) => ({ id, kind: 'web', label: `browser ${id}` })),
      ...(view.steering === undefined ? {} : { steering: view.steering }),
    })

  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) =>
    done(null, JSON.parse(String(body))),
  )
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  app.addHook('onRequest', async (request, reply) => {
    reply.header('content-security-policy', policy)
    const { method, url } = request
    if (!url.startsWith('/api/') || url === '/api/enter') return
    const face = faceOf(request)
    const refuse = (status: number, code: string, message: string) =>
      reply.code(status).send({ error: { code, message } })
    if (face === undefined || !session.faces.includes(face)) return refuse(401, 'SESSION_NONE', 'you are not signed in')
    if (method !== 'POST') return
    if (request.headers['x-sealift'] !== '1' || request.headers.origin !== session.url.split('/#')[0])
      return refuse(403, 'SESSION_FORGED', 'another page asked')
    if (!['/api/steer', '/api/invite'].includes(url) && view.steering !== face)
      return refuse(409, 'SESSION_WATCHING', 'another one steers')
  })
  app.addHook('preHandler', async ({ method, url, body }) => {
    if (method === 'POST') session.asked.push([url, Buffer.isBuffer(body) ? String(body) : body])
  })

  app.post('/api/enter', async ({ body }, reply) => {
    if ((body as { token: string }).token !== token)
      return reply.code(403).send({ error: { code: 'SESSION_TOKEN', message: 'the address was used already' } })
    const face = `face${session.faces.length + 1}`
    session.faces.push(face)
    if (view.steering === undefined) view = { ...view, steering: face }
    tellFaces()
    reply.header('set-cookie', `face=${face}; HttpOnly; SameSite=Strict; Path=/`)
    return { face, view, questions }
  })
  app.get('/api/view', async (request) => ({ face: faceOf(request), view, questions }))
  app.get('/api/events', (request, reply) => {
    reply.hijack()
    reply.raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    const after = Number((request.query as { after: string }).after)
    if (after !== view.seq) reply.raw.write(`event: view\ndata: ${JSON.stringify(view)}\n\n`)
    else reply.raw.write(': hello\n\n')
    const listener = { write: (text: string) => reply.raw.write(text), destroy: () => reply.raw.destroy() }
    listeners.add(listener)
    reply.raw.on('close', () => listeners.delete(listener))
  })
  app.post('/api/answer', async ({ body }) => {
    const { changes } = body as { changes: Record<string, unknown> }
    const next = Object.entries(changes).reduce((so, [pointer, value]) => setAnswer(so, pointer, value), view.draft)
    return { faults: change(next) }
  })
  app.post('/api/upload', async ({ query }) => {
    const { pointer, name } = query as { pointer: string; name: string }
    const path = `/state/uploads/${name}`
    change(setAnswer(view.draft, pointer, path))
    return { path }
  })
  app.post('/api/page', async ({ body }, reply) => {
    emit({ type: 'page', page: (body as { page: View['page'] }).page })
    return reply.code(204).send()
  })
  app.post('/api/look', async ({ body }, reply) => {
    const { look } = body as { look: Look }
    emit({ type: 'look', look, looked: { state: 'looking', facts: [] } })
    setTimeout(() => emit({ type: 'look', look, looked: session.looked[look] ?? found }), 20)
    return reply.code(202).send({})
  })
  app.post('/api/serve', async (_request, reply) => {
    emit({ type: 'serving', serving: { state: 'starting' } })
    return reply.code(202).send({})
  })
  app.post('/api/check', async (_request, reply) => {
    emit({ type: 'phase', phase: 'checking' })
    emit({ type: 'checks', checks: session.checks.map((check) => ({ ...check, state: 'running' })) })
    setTimeout(() => {
      for (const check of session.checks) emit({ type: 'check', check })
      emit({ type: 'phase', phase: 'asking' })
    }, 50)
    return reply.code(202).send({})
  })
  app.post('/api/install', async (_request, reply) => {
    emit({ type: 'phase', phase: 'installing' })
    emit({ type: 'page', page: 'progress' })
    return reply.code(202).send({})
  })
  app.post('/api/stop', async (_request, reply) => {
    emit({ type: 'phase', phase: 'failed', failure: { code: 'USAGE_INTERRUPTED', message: 'it was stopped' } })
    return reply.code(202).send({})
  })
  app.post('/api/steer', async (request, reply) => {
    if (view.steering !== undefined)
      return reply.code(409).send({ error: { code: 'SESSION_STEERED', message: 'another one steers' } })
    view = { ...view, steering: faceOf(request) }
    tellFaces()
    return reply.code(204).send()
  })
  app.post('/api/invite', async () => ({ url: session.url, fingerprint: Array(32).fill('AB').join(':') }))
  app.post('/api/import', async () => ({ faults: view.faults }))
  app.post('/api/close', async (_request, reply) => reply.code(204).send())
  app.get('/api/answers.yaml', async (_request, reply) =>
    reply.type('application/yaml').send(stringify(settled(view.draft))),
  )
  app.get('/*', async ({ url }, reply) => {
    const asset = assets.get(url === '/' ? 'index.html' : url.slice(1))
    if (asset === undefined) return reply.code(404).send({ error: { code: 'NOT_FOUND', message: 'no such file' } })
    return reply.type(asset.type).send(Buffer.from(asset.bytes))
  })

  await app.listen({ port: 0, host: '127.0.0.1' })
  session.url = `http://127.0.0.1:${(app.server.address() as { port: number }).port}/#${token}`
  t.after(() => {
    session.cut()
    return app.close()
  })
  return session
}

const faultsBy = (draft: View['draft']): View['faults'] =>
  Object.fromEntries(faultsOf(settled(draft)).map(({ pointer, ...fault }) => [pointer, fault]))
