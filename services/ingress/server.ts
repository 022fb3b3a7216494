import { open } from 'node:fs/promises'
import { networkInterfaces } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { newKubeConfig } from '@sealift/kubernetes/kube-config.ts'
import { pino } from 'pino'
import { lameDuckMs } from '../lame-duck.ts'
import { loggerOptions } from '../logging.ts'
import { guardDoors, standLast } from '../uncaught.ts'
import { createHealthServer } from './app.ts'
import { compile } from './compile.ts'
import { createConfiguration } from './configuration.ts'
import { ask, createController } from './controller.ts'
import { readEnvironment } from './environment.ts'
import { createNginx } from './nginx.ts'
import { untilReached } from './reach.ts'
import { createRefusalReporter } from './refusal-events.ts'
import { createStatusWriter } from './status.ts'
import { watchCluster } from './watch.ts'

/** Time for what changed last to be served before NGINX stops, in milliseconds. */
const settleMs = 15_000
/** Time for a new pod to be let out to those that it forwards to, before it serves all the same, in milliseconds. */
const reachMs = 15_000

const environment = readEnvironment(process.env)
const { namespace, className, tlsSecrets, tcp, nginx: installed } = environment
const log = pino(loggerOptions(environment.logLevel))
// only its own /healthz and /metrics come through a door; a controller that is in doubt of itself starts anew
standLast({ log, alone: true })
/** How long workers of an old configuration serve what is open, in seconds: pods that stay must not lose it by a reload. */
const oldWorkersSeconds = 14_400
const statusSocket = `${installed.folder}/status.sock`

const hasIpv6 = Object.values(networkInterfaces()).some((each) => each?.some(({ family }) => family === 'IPv6'))
const addresses = (port: number) => [`0.0.0.0:${port}`, ...(hasIpv6 ? [`[::]:${port}`] : [])]
// Tried, not asked: a socket has a name that can't be opened.
const accessLog = await open('/dev/stdout', 'a').then(
  (file) => file.close().then(() => '/dev/stdout'),
  () => undefined,
)
if (!accessLog) log.warn('standard output can not be opened by name: NGINX writes no access lines')

const configuration = await createConfiguration(installed.folder, installed.binary, {
  http: addresses(environment.httpPort),
  https: addresses(environment.httpsPort),
  streamAddresses: ['0.0.0.0', ...(hasIpv6 ? ['[::]'] : [])],
  streamConnectionsPerClient: environment.tcpConnectionsPerClient,
  streamModule: installed.streamModule,
  statusSocket,
  temporary: installed.temporary,
  accessLog,
  workers: installed.workers,
  shutdownSeconds: oldWorkersSeconds,
})
const nginx = createNginx({ binary: installed.binary, configuration: configuration.file, statusSocket, log })

const kubeConfig = newKubeConfig()
kubeConfig.loadFromDefault()
const publish = environment.publishService
const writeStatus = publish ? createStatusWriter(kubeConfig, publish, log) : async () => {}
const tell = createRefusalReporter(kubeConfig, environment.podName, log)
let refusedNow = 0
let state: 'starting' | 'loading' | 'serving' | 'draining' = 'starting'

const cluster = watchCluster(kubeConfig, { namespace, className, tlsSecrets, log }, () => {
  // Before the first lists are complete a configuration would leave out what is about to come.
  if (state !== 'starting') controller.changed()
})
const read = () => ({ ...cluster.read(), tcp, tcpNamespace: namespace })
const controller = createController({
  configuration,
  nginx,
  statusSocket,
  workers: installed.workers,
  log,
  debounceMs: 200,
  read,
  report(refused) {
    refusedNow = refused.length
    tell(refused)
    void writeStatus(cluster.read())
  },
})

const health = createHealthServer({
  async fault() {
    if (state !== 'serving') return state
    return await ask(statusSocket, '/configuration').then(
      () => undefined,
      () => 'nginx does not answer',
    )
  },
  async figures() {
    const connections = await ask(statusSocket, '/connections').catch(() => '')
    return {
      reloads: controller.reloads,
      failures: controller.failures,
      crashes: nginx.crashes,
      refused: refusedNow,
      connections: Number(/Active connections: (\d+)/.exec(connections)?.[1] ?? 0),
    }
  },
})

guardDoors('health', health.server)

let stopping = false
for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, () => {
    if (stopping) return
    stopping = true
    void stop(signal)
  })
}

async function stop(signal: string): Promise<void> {
  log.info({ signal }, 'draining')
  state = 'draining'
  await configuration.sayFarewell()
  if (signal === 'SIGTERM') await sleep(lameDuckMs)
  await cluster.stop()
  // a configuration that NGINX does not take must not keep the pod
  await Promise.race([controller.settled(), sleep(settleMs)])
  await nginx.quit(signal === 'SIGTERM' ? environment.drainSeconds * 1000 : 1_000)
  await health.close()
  log.info('stopped')
  process.exit(0)
}

await health.listen({ host: hasIpv6 ? '::' : '0.0.0.0', port: environment.healthPort })
await nginx.start()
await cluster.start()
if (!stopping) {
  state = 'loading'
  controller.changed()
  await controller.settled()
  const missed = await untilReached(compile(read()).model.upstreams, reachMs)
  if (missed.length > 0) log.warn({ upstreams: missed }, 'no pod of these takes a connection from here')
  if (!stopping) state = 'serving'
  log.info({ revision: configuration.revision }, 'serving')
}
