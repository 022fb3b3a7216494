import { createPrivateKey } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { newKubeConfig } from '@sealift/kubernetes/kube-config.ts'
import Fastify from 'fastify'
import { farewell, lameDuckMs } from '../lame-duck.ts'
import { loggerOptions } from '../logging.ts'
import { trustedProxies } from '../trusted-proxies.ts'
import { guardDoors, standLast } from '../uncaught.ts'
import { fastifySettings, managerApi } from './app.ts'
import { openDatabase, waitForDatabase } from './database.ts'
import { readEnvironment } from './environment.ts'
import { changesFrom } from './events/changes.ts'
import { eventHub } from './events/hub.ts'
import { startStats } from './events/stats.ts'
import { ensureFirstAdmin } from './first-admin.ts'
import { identifyOver } from './identify.ts'
import { ensureReleaseImage, hasReleaseImage } from './images/release-image.ts'
import { internalCalls } from './internal-calls.ts'
import { leaveLastWords } from './last-words.ts'
import { licensing, storeInitialLicense } from './licensing.ts'
import { migrate } from './migrate.ts'
import { currentNotices } from './notices/store.ts'
import { pendingLogins } from './oidc/pending-login.ts'
import { oidcProvider } from './oidc/provider.ts'
import { isReadOnly, takesWrites, whenWritable } from './read-only.ts'
import { refusedExitCode, SchemaRefusal } from './schema-refusal.ts'
import { forgetExpired } from './sessions.ts'
import { withTicketRate } from './ticket-rate.ts'
import { ticketSigner } from './tickets.ts'
import { kubernetesEngine } from './workspaces/kubernetes.ts'
import { startReconciler } from './workspaces/reconcile.ts'

const clock = Date.now
const hour = 60 * 60 * 1000

const environment = readEnvironment(process.env)
const proxies = trustedProxies(environment.trustedProxies, {
  log: { warn: (details, message) => log.warn(details, message) },
})
const app = Fastify({ ...fastifySettings(proxies), logger: loggerOptions(environment.logLevel) })
const { log } = app
// a request that ends half way may hold a transaction, and with it what others wait for
standLast({ log, alone: false })
guardDoors('http', app.server)
const sayFarewell = farewell(app)

const stopping = new AbortController()

async function start(): Promise<void> {
  const tickets = withTicketRate(await ticketSigner(environment.ticketKey))
  const database = openDatabase(environment.database, log)
  app.addHook('onClose', () => database.end())
  await waitForDatabase(database, log)
  await migrate(database, log)
  await addFirstAdmin()
  const { image } = environment.workspace
  if (!(await hasReleaseImage(database))) await ensureReleaseImage(database, image)
  const licenseAdded = addInitialLicense()
  // during an upgrade it is added when that is done
  if (await takesWrites(database)) await licenseAdded

  const config = newKubeConfig()
  config.loadFromDefault()
  const engine = kubernetesEngine(config, { ...environment.workspace, ticketKeys: JSON.stringify(tickets.jwks) }, log)
  const readNotices = () => currentNotices(database, clock())
  const hub = eventHub(database, changesFrom(database, engine, environment), readNotices, log)
  const reconciler = startReconciler({
    database,
    engine,
    clock,
    log,
    release: environment.release,
    // of two releases side by side the one that leads says what new workspaces are made of
    begin: () => ensureReleaseImage(database, image),
  })
  await engine.watch((id, gone) => {
    hub.changed(id)
    // deleted behind our back, perhaps: the leading replica looks at once
    if (gone) reconciler.wake()
  })
  const stats = startStats({ database, engine, leads: () => reconciler.leads(), log })
  const cleaning = setInterval(() => {
    forgetExpired(database, clock()).catch((error: Error) => {
      if (!isReadOnly(error)) log.warn({ reason: error.message }, 'cannot clean up')
    })
  }, hour)
  app.addHook('onClose', async () => {
    clearInterval(cleaning)
    stats.close()
    await hub.close()
    await reconciler.close()
    await engine.close()
  })

  await app.register(managerApi, {
    database,
    licensing: licensing(database, environment.licenseKeys, environment.running, clock),
    identify: identifyOver(database, clock),
    hub,
    internalCalls: internalCalls(environment.internalKey),
    tickets,
    engine,
    reconciler,
    accessUrl: environment.accessUrl,
    requestsPerSecond: environment.requestsPerSecond,
    devUrlsHost: environment.devUrlsHost,
    editorsHost: environment.editorsHost,
    envproxyUrl: environment.envproxyUrl,
    gpuResource: environment.workspace.gpuResource,
    oidc: environment.oidc && {
      provider: oidcProvider(environment.oidc, new URL('/auth/oidc/callback', environment.accessUrl).href),
      pendingLogins: pendingLogins(createPrivateKey(environment.ticketKey)),
    },
    clock,
  })
  app.addHook('onClose', async () => proxies.close())
  await reconciler.handedOver()
  await proxies.look()
  await app.listen({ port: environment.port, host: environment.host })

  async function addFirstAdmin(): Promise<void> {
    if (environment.adminPasswordFile === undefined) return
    const password = (await readFile(environment.adminPasswordFile, 'utf8')).trim()
    if ((await ensureFirstAdmin(database, password)) !== undefined) log.info('the first admin was added')
  }

  /** A bad license file must not keep the manager down: an admin uploads another one through it. */
  async function addInitialLicense(): Promise<void> {
    if (environment.licenseFile === undefined) return
    try {
      const token = await readFile(environment.licenseFile, 'utf8')
      const store = () => storeInitialLicense(database, token, environment.licenseKeys, clock())
      await whenWritable(store, stopping.signal)
    } catch (error) {
      log.error({ reason: (error as Error).message }, 'the license that came with the installation is not usable')
    }
  }
}

/** What is under way may end for so long, in milliseconds: a request that hangs must not hold the pod for its whole grace period. */
const patienceMs = 15_000

for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.on(signal, async () => {
    if (stopping.signal.aborted) return
    stopping.abort()
    log.info({ signal }, 'closing')
    sayFarewell()
    if (signal === 'SIGTERM') await sleep(lameDuckMs)
    setTimeout(() => process.exit(1), patienceMs).unref()
    app.close().then(
      () => process.exit(0),
      () => process.exit(1),
    )
  })

start().catch((error: Error) => {
  if (!(error instanceof SchemaRefusal)) {
    log.fatal({ err: error }, 'the manager cannot start')
    process.exit(1)
  }
  const { code, message, why, fix } = error
  log.fatal({ code, why, fix }, message)
  leaveLastWords(environment.terminationLog, error)
  process.exit(refusedExitCode)
})
