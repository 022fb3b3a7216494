import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import Fastify from 'fastify'
import { dashboard } from './dashboard/app.ts'
import { buildDashboard } from './dashboard/web/build.ts'
import { findCluster } from './dev/cluster.ts'
import { managerEnvironment } from './dev/environment.ts'
import { devEnvproxy } from './dev/envproxy.ts'
import { forwardWorkspaces } from './dev/forwards.ts'
import { createOrigin, type Targets } from './dev/origin.ts'
import { startDevPostgres } from './dev/postgres.ts'
import { devSecrets, textOf } from './dev/secrets.ts'

/**
 * `npm run dev`: manager, envproxy and dashboard on loopback behind one origin, with a PostgreSQL of their own. PORT is
 * the origin's (8080, 0 for any), SEALIFT_DEV the directory of data and secrets, KUBECONFIG a cluster for workspaces.
 */
const directory = process.env.SEALIFT_DEV || join(tmpdir(), `sealift-dev-${userInfo().username}`)
const closers: (() => unknown)[] = []
let stopping = false

async function stop(code: number): Promise<void> {
  if (stopping) return
  stopping = true
  for (const close of closers.reverse()) await close()
  process.exit(code)
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop(0))

await mkdir(directory, { recursive: true, mode: 0o711 })
// the place for temporary files is open to everyone: data that somebody else laid there is not ours
if ((await stat(directory)).uid !== userInfo().uid) throw new Error(`${directory} belongs to somebody else`)
const secrets = await devSecrets(join(directory, 'secrets'))
const password = await textOf(secrets.password)
const [postgres, cluster] = await Promise.all([
  startDevPostgres(join(directory, 'postgres'), await freePort(), password),
  findCluster(process.env),
  buildDashboard(join(directory, 'dashboard')),
])
closers.push(() => postgres.stop())

const targets: Targets = { manager: await freePort() }
const origin = createOrigin(targets)
origin.listen(Number(process.env.PORT ?? 8080), '127.0.0.1')
await once(origin, 'listening')
const accessUrl = `http://localhost:${(origin.address() as { port: number }).port}`
closers.push(() => {
  origin.closeAllConnections()
  origin.close()
})

const forwards = cluster.found ? forwardWorkspaces(cluster.config, cluster.namespace, console) : undefined
closers.push(() => forwards?.close())
const envproxy = devEnvproxy(
  {
    managerUrl: `http://127.0.0.1:${targets.manager}`,
    siteUrl: accessUrl,
    sharedKey: await textOf(secrets.internal),
  },
  forwards,
)
await envproxy.app.listen({ port: 0, host: '127.0.0.1' })
targets.envproxy = (envproxy.app.server.address() as { port: number }).port
closers.push(() => {
  envproxy.cut()
  return envproxy.app.close()
})

const pages = Fastify({ forceCloseConnections: true })
await pages.register(dashboard, { directory: join(directory, 'dashboard') })
await pages.listen({ port: 0, host: '127.0.0.1' })
targets.dashboard = (pages.server.address() as { port: number }).port
closers.push(() => pages.close())

const { manager: port, envproxy: envproxyPort } = targets as Required<Targets>
const env = await managerEnvironment({ directory, port, accessUrl, envproxyPort, secrets, postgres, cluster })
const entry = fileURLToPath(new URL('./manager/server.ts', import.meta.url))
const manager = spawn(process.execPath, [entry], { env, stdio: ['ignore', 'inherit', 'inherit'], detached: true })
process.once('exit', () => manager.kill('SIGKILL'))
const ended = once(manager, 'exit')
closers.push(async () => {
  manager.kill('SIGINT')
  await ended
})
ended.then(() => {
  if (!stopping) console.error('the manager has ended')
  return stop(1)
})
while (
  !(await fetch(`http://127.0.0.1:${port}/healthz`).then(
    ({ ok }) => ok,
    () => false,
  ))
)
  await sleep(100)

console.log(`
  CDE           ${accessUrl}
  log in as     admin, password ${await textOf(secrets.admin)}
  workspaces    ${cluster.found ? `start in namespace ${cluster.namespace} of ${cluster.kubeconfig}` : `do not start: ${cluster.why}`}
  data          ${directory} (delete it to begin anew)
  Ctrl-C stops everything.
`)

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as { port: number }
  probe.close()
  await once(probe, 'close')
  return port
}
