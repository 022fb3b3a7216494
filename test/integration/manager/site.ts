import { generateKeyPairSync, randomBytes } from 'node:crypto'
import type { Writable } from 'node:stream'
import type { TestContext } from 'node:test'
import type { Mode } from '@sealift/bundle-spec/act.ts'
import { issueLicense, type LicenseClaims } from '@sealift/bundle-spec/license.ts'
import Fastify, { type FastifyContextConfig, type FastifyInstance, type LightMyRequestResponse } from 'fastify'
import pg from 'pg'
import { loggerOptions } from '../../../services/logging.ts'
import { fastifySettings, managerApi } from '../../../services/manager/app.ts'
import { type Database, openDatabase } from '../../../services/manager/database.ts'
import type { Dependencies } from '../../../services/manager/dependencies.ts'
import { changesFrom } from '../../../services/manager/events/changes.ts'
import { eventHub } from '../../../services/manager/events/hub.ts'
import { identifyOver } from '../../../services/manager/identify.ts'
import { ensureReleaseImage } from '../../../services/manager/images/release-image.ts'
import { internalCalls } from '../../../services/manager/internal-calls.ts'
import { licensing } from '../../../services/manager/licensing.ts'
import { migrate } from '../../../services/manager/migrate.ts'
import { currentNotices } from '../../../services/manager/notices/store.ts'
import { pendingLogins } from '../../../services/manager/oidc/pending-login.ts'
import { type OidcSettings, oidcProvider } from '../../../services/manager/oidc/provider.ts'
import { hashPassword } from '../../../services/manager/passwords.ts'
import type { SiteRole } from '../../../services/manager/permissions.ts'
import type { Running } from '../../../services/manager/running.ts'
import { withTicketRate } from '../../../services/manager/ticket-rate.ts'
import { ticketSigner } from '../../../services/manager/tickets.ts'
import { createUser, type User } from '../../../services/manager/users/store.ts'
import { type MemoryEngine, memoryEngine } from '../../../services/manager/workspaces/memory.ts'
import { reconcileOnce } from '../../../services/manager/workspaces/reconcile.ts'
import { readTrusted, trustedProxies } from '../../../services/trusted-proxies.ts'
import type { Postgres } from '../postgres.ts'

export const silent = { info() {}, warn() {}, error() {}, fatal() {} }
export const accessUrl = 'https://cde.example'
export const workspaceImage = `registry.example/cde/workspace@sha256:${'a'.repeat(64)}`
/** images that come from where they are published */
const published = { from: 'registry.example/cde/workspace', published: 'registry.example/cde/workspace' }
export const password = 'correct horse battery'

/** A manager over a database of its own; time stands still unless a test moves it. */
export type Site = {
  app: FastifyInstance
  database: Database
  engine: MemoryEngine
  /** milliseconds since 1970; tests add to it */
  time: { now: number }
  wakes: number
  /** nothing listens there unless a test sees to it */ envproxyUrl: string
  gpuResource: string | undefined
  /** where workspaces answer */ hosts: { devUrlsHost: string | undefined; editorsHost: string | undefined }
  routes: { method: string; url: string; config: FastifyContextConfig | undefined }[]
  /** Another replica over the same database, with a pool of its own. */
  twin(): Promise<Site>
  user(name: string, role?: SiteRole): Promise<User>
  /** Logs in and returns the session's token. */
  logIn(name: string): Promise<string>
  call(token: string | undefined, method: string, url: string, body?: object): Promise<LightMyRequestResponse>
  reconcile(): Promise<boolean>
  license(change?: Partial<LicenseClaims>): Promise<string>
}

// argon2id costs a core 50 ms: once is enough for the tests
const passwordHash = hashPassword(password)
export const internalKey = randomBytes(32).toString('base64url')
const licenseKeys = generateKeyPairSync('ed25519')
export const licensePublicKey = licenseKeys.publicKey.export({ type: 'spki', format: 'pem' }) as string

const holders = new WeakMap<Database, (() => Promise<void>)[]>()

/** Ends a pool after the test, once what holds its connections has let go. */
function endAfter(t: TestContext, database: Database): void {
  t.after(async () => {
    for (const letGo of holders.get(database) ?? []) await letGo()
    await database.end()
  })
}

/** A new empty database and a pool for it; both go after the test. */
export async function newDatabase(t: TestContext, postgres: Postgres): Promise<Database> {
  const name = `t${randomBytes(6).toString('hex')}`
  const admin = new pg.Client({ ...connection(postgres), database: 'postgres' })
  await admin.connect()
  await admin.query(`CREATE DATABASE ${name}`)
  await admin.end()
  const database = openDatabase({ ...connection(postgres), database: name, ca: undefined }, silent)
  endAfter(t, database)
  return database
}

export const connection = ({ host, port, user, password }: Postgres) => ({ host, port, user, password })

/** Builds a manager as server.ts does, with an engine in memory; `log` gets everything that it logs, at level trace. */
export async function newSite(
  t: TestContext,
  postgres: Postgres,
  mode: Mode | Running = 'connected',
  more: (app: FastifyInstance) => void = () => {},
  oidc?: OidcSettings,
  requestsPerSecond = 1_000_000,
  log?: Writable,
): Promise<Site> {
  const database = await newDatabase(t, postgres)
  await migrate(database, silent)
  await ensureReleaseImage(database, workspaceImage)
  return await replica(t, postgres, database, { now: Date.now() }, mode, more, oidc, requestsPerSecond, log)
}

async function replica(
  t: TestContext,
  postgres: Postgres,
  database: Database,
  time: { now: number },
  mode: Mode | Running,
  more: (app: FastifyInstance) => void,
  oidc: OidcSettings | undefined,
  requestsPerSecond: number,
  log?: Writable,
): Promise<Site> {
  const clock = () => time.now
  const engine = memoryEngine()
  const logger = log === undefined ? {} : { logger: { ...loggerOptions('trace'), stream: log } }
  const app = Fastify({ ...fastifySettings(trustedProxies(readTrusted('127.0.0.1'))), ...logger })
  const site: Site = {
    app,
    database,
    engine,
    time,
    wakes: 0,
    envproxyUrl: 'http://127.0.0.1:9',
    gpuResource: 'nvidia.com/gpu',
    hosts: { devUrlsHost: 'dev.example', editorsHost: undefined },
    routes: [],
    async twin() {
      const name = database.options.database
      const pool = openDatabase({ ...connection(postgres), database: name as string, ca: undefined }, silent)
      endAfter(t, pool)
      return await replica(t, postgres, pool, time, mode, more, oidc, requestsPerSecond)
    },
    user: async (username, role = 'site-member') =>
      createUser(database, { username, passwordHash: await passwordHash, role }),
    async logIn(username) {
      const answer = await site.call(undefined, 'POST', '/auth/basic/login', { username, password })
      if (answer.statusCode !== 200) throw new Error(answer.body)
      return answer.json().session_token
    },
    call: (token, method, url, body) =>
      app.inject({
        method: method as 'GET',
        url,
        headers: token === undefined ? {} : { 'session-token': token },
        ...(body === undefined ? {} : { payload: body }),
      }),
    reconcile: () => reconcileOnce({ database, engine, clock, log: silent, signal: new AbortController().signal }),
    license: (change = {}) => {
      const seconds = Math.floor(time.now / 1000)
      const day = 86_400
      return issueLicense(
        {
          id: randomBytes(6).toString('hex'),
          customer: 'Harbour',
          tier: 'enterprise',
          features: { airgap: true, seats: 5 },
          iat: seconds,
          nbf: seconds - day,
          license_expires: seconds + 100 * day,
          exp: seconds + 114 * day,
          ...change,
        },
        licenseKeys.privateKey,
      )
    },
  }
  const changes = changesFrom(database, engine, { accessUrl, ...site.hosts })
  const hub = eventHub(database, changes, () => currentNotices(database, site.time.now), silent)
  await engine.watch((id) => hub.changed(id))
  holders.set(database, [() => app.close(), () => hub.close()])
  const ticketKey = generateKeyPairSync('ed25519').privateKey
  const dependencies: Dependencies = {
    database,
    licensing: licensing(
      database,
      [licensePublicKey],
      typeof mode === 'string' ? { act: 'run', mode, pulls: [published] } : mode,
      clock,
    ),
    identify: identifyOver(database, clock),
    hub,
    internalCalls: internalCalls(internalKey),
    tickets: withTicketRate(await ticketSigner(ticketKey)),
    engine,
    reconciler: { wake: () => void site.wakes++ },
    accessUrl,
    requestsPerSecond,
    get devUrlsHost() {
      return site.hosts.devUrlsHost
    },
    get editorsHost() {
      return site.hosts.editorsHost
    },
    get envproxyUrl() {
      return site.envproxyUrl
    },
    get gpuResource() {
      return site.gpuResource
    },
    oidc: oidc && {
      provider: oidcProvider(oidc, `${accessUrl}/auth/oidc/callback`),
      pendingLogins: pendingLogins(ticketKey),
    },
    recheckEvery: 200,
    clock,
  }
  app.addHook('onRoute', ({ method, url, config }) => {
    for (const one of [method].flat()) site.routes.push({ method: one, url, config })
  })
  await app.register(async (instance) => {
    await managerApi(instance, dependencies)
    more(instance)
  })
  return site
}
