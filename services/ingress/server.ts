import { open } from 'node:fs/promises'
import { networkInterfaces } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { KubeConfig } from '@kubernetes/client-node'
import { pino } from 'pino'
import { loggerOptions } from '../logging.ts'
import { createHealthServer } from './app.ts'
import { createConfiguration } from './configuration.ts'
import { ask, createController } from './controller.ts'
import { createNginx } from './nginx.ts'
import { createRefusalReporter } from './refusal-events.ts'
import { createStatusWriter } from './status.ts'
import { readTcpServices } from './tcp.ts'
import { watchCluster } from './watch.ts'

/** Time for load balancers to notice that this pod is not ready before NGINX stops listening, in milliseconds. */
const lameDuckMs = 5_000

const environment = process.env
const log = pino(loggerOptions(environment.LOG_LEVEL ?? 'info'))
const binary = environment.NGINX_BINARY ?? '/usr/sbin/nginx'
const folder = environment.NGINX_FOLDER ?? '/run/nginx'
/** How long workers of an old configuration serve what is open, in seconds: pods that stay must not lose it by a reload. */
const oldWorkersSeconds = 14_400
const drainSeconds = Number(environment.DRAIN_SECONDS ?? '14400')
const statusSocket = `${folder}/status.sock`
const namespace = environment.WATCH_NAMESPACE
if (!namespace) throw new Error('WATCH_NAMESPACE is not set')

const hasIpv6 = Object.values(networkInterfaces()).some((each) => each?.some(({ family }) => family === 'IPv6'))
const addresses = (port: string) => [`0.0.0.0:${port}`, ...(hasIpv6 ? [`[::]:${port}`] : [])]
// Tried, not asked: a socket has a name that can't be opened.
const accessLog = await open('/dev/stdout', 'a').then(
  (file) => file.close().then(() => '/dev/stdout'),
  () => undefined,
)
if (!accessLog) log.warn('standard output can not be opened by name: NGINX writes no access lines')

const tcp = readTcpServices(environment.TCP_SERVICES ?? '')
const tlsSecrets = environment.TLS_SECRETS?.split(',')
  .map((name) => name.trim())
  .filter((name) => name !== '')

const configuration = await createConfiguration(folder, binary, {
  http: addresses(environment.HTTP_PORT ?? '8080'),
  https: addresses(environment.HTTPS_PORT ?? '8443'),
  streamAddresses: ['0.0.0.0', ...(hasIpv6 ? ['[::]'] : [])],
  streamModule: environment.NGINX_STREAM_MODULE ?? '/usr/lib/nginx/modules/ngx_stream_module.so',
  statusSocket,
  temporary: environment.NGINX_TEMPORARY ?? '/tmp/nginx',
  accessLog,
  workers: Number(environment.NGINX_WORKERS ?? '2'),
  shutdownSeconds: oldWorkersSeconds,
})
const nginx = createNginx({ binary, configuration: configuration.file, statusSocket, log })

const kubeConfig = new KubeConfig()
kubeConfig.loadFromDefault()
const publish = environment.PUBLISH_SERVICE
const writeStatus = publish ? createStatusWriter(kubeConfig, publish, log) : async () => {}
const tell = createRefusalReporter(kubeConfig, environment.POD_NAME ?? 'cde-ingress', log)
let refusedNow = 0
let state: 'starting' | 'loading' | 'serving' | 'draining' = 'starting'

const className = environment.INGRESS_CLASS ?? 'cde'
const cluster = watchCluster(kubeConfig, { namespace, className, tlsSecrets, log }, () => {
  // Before the first lists are complete a configuration would leave out what is about to come.
  if (state !== 'starting') controller.changed()
})
const controller = createController({
  configuration,
  nginx,
  statusSocket,
  log,
  debounceMs: 200,
  read: () => ({ ...cluster.read(), tcp, tcpNamespace: namespace }),
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
  if (signal === 'SIGTERM') await sleep(lameDuckMs)
  await cluster.stop()
  await controller.settled()
  await nginx.quit(signal === 'SIGTERM' ? drainSeconds * 1000 : 1_000)
  await health.close()
  log.info('stopped')
  process.exit(0)
}

await health.listen({ host: hasIpv6 ? '::' : '0.0.0.0', port: Number(environment.HEALTH_PORT ?? '10254') })
await nginx.start()
await cluster.start()
if (!stopping) {
  state = 'loading'
  controller.changed()
  await controller.settled()
  state = 'serving'
  log.info({ revision: configuration.revision }, 'serving')
}
