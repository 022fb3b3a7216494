import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown, open, readFile, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { ingress, service, slice } from '../../unit/services/ingress/objects.ts'
import { startCluster } from './cluster.ts'
import { freePorts, nginxBinary, startPod } from './site.ts'

const entry = new URL('../../../services/ingress/server.ts', import.meta.url).pathname

/** The real process against a cluster, without root where that can be had. */
async function startController(t: TestContext, clusterEntry: object) {
  const folder = await temporaryDirectory(t)
  const [http = 0, https = 0, health = 0] = await freePorts(3)
  const kubeconfig = join(folder, 'kubeconfig')
  await writeFile(
    kubeconfig,
    JSON.stringify({
      clusters: [{ name: 'c', cluster: clusterEntry }],
      users: [{ name: 'u', user: {} }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    }),
  )
  const outFile = join(folder, 'out')
  const out = await open(outFile, 'a')
  const asRoot = process.getuid?.() === 0
  if (asRoot) for (const path of [folder, kubeconfig, outFile]) await chown(path, 10001, 10001)
  const child: ChildProcess = spawn(process.execPath, [entry], {
    stdio: ['ignore', out.fd, out.fd],
    ...(asRoot && { uid: 10001, gid: 10001 }),
    env: {
      PATH: process.env.PATH,
      KUBECONFIG: kubeconfig,
      WATCH_NAMESPACE: 'cde',
      INGRESS_CLASS: 'cde',
      POD_NAME: 'cde-ingress-0',
      PUBLISH_SERVICE: 'cde-ingress',
      HTTP_PORT: String(http),
      HTTPS_PORT: String(https),
      HEALTH_PORT: String(health),
      NGINX_BINARY: nginxBinary,
      NGINX_FOLDER: folder,
      NGINX_TEMPORARY: join(folder, 'temporary'),
      DRAIN_SECONDS: '20',
    },
  })
  const exited = once(child, 'exit') as Promise<[number | null]>
  t.after(async () => {
    child.kill('SIGINT')
    await exited
    await out.close()
  })
  const status = (port: number, path: string, host: string) =>
    new Promise<number>((resolve) => {
      const outgoing = request(
        { port, host: '127.0.0.1', path, agent: false, headers: { host }, timeout: 20_000 },
        (answer) => {
          answer.resume()
          resolve(answer.statusCode ?? 0)
        },
      )
      outgoing.on('timeout', () => outgoing.destroy())
      outgoing.on('error', () => resolve(0))
      outgoing.end()
    })
  return {
    child,
    exited,
    log: () => readFile(outFile, 'utf8'),
    serves: (host: string, path = '/') => status(http, path, host),
    healthy: async () => (await status(health, '/healthz', 'x')) === 200,
    metrics: async () => (await fetch(`http://127.0.0.1:${health}/metrics`)).text(),
  }
}

async function until(what: string, done: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 60_000
  while (!(await done())) {
    if (performance.now() > end) throw new Error(`not within a minute: ${what}`)
    await sleep(40)
  }
}

test('the controller follows the cluster, tells of what it leaves out, and drains on SIGTERM', async (t) => {
  const pod = await startPod(t, (_request, response) => setTimeout(() => response.end('ok'), 20))
  const balancer = { ...service('cde-ingress'), status: { loadBalancer: { ingress: [{ ip: '192.0.2.10' }] } } }
  const foreign = ingress('foreign', { 'foreign.example': { '/': 'a' } })
  if (foreign.spec) foreign.spec.ingressClassName = 'other'
  const cluster = await startCluster(t, {
    ingresses: [ingress('one', { 'one.example': { '/': 'a', '/bad;path': 'a' } }), foreign],
    services: [service('a'), balancer],
    endpointslices: [slice('a', [{ address: '127.0.0.1' }], pod.port)],
    secrets: [],
  })
  const controller = await startController(t, cluster.entry)
  await until('healthy', controller.healthy).catch(async (error) => {
    throw new Error(`${error.message}\n${await controller.log()}`)
  })
  assert.equal(await controller.serves('one.example'), 200)
  assert.equal(await controller.serves('foreign.example'), 404)

  const written = (path: RegExp) => cluster.written.find((one) => path.test(one.path))?.body
  const [told, stated] = [/\/events$/, /^\/apis\/networking\.k8s\.io\/v1\/namespaces\/cde\/ingresses\/one\/status$/]
  await until('event and status', async () => written(told) !== undefined && written(stated) !== undefined)
  assert.match(String(written(told)?.message), /not allowed: "\/bad;path"/)
  assert.deepEqual(written(stated), { status: { loadBalancer: { ingress: [{ ip: '192.0.2.10' }] } } })

  cluster.apply('ingresses', ingress('two', { 'two.example': { '/': 'a' } }))
  await until('two.example', async () => (await controller.serves('two.example')) === 200)
  // what happens before the watches are back must not be missed
  cluster.dropWatches()
  cluster.apply('endpointslices', slice('a', [{ address: '127.0.0.1', ready: false }], pod.port))
  await until('no pod', async () => (await controller.serves('one.example')) === 503)
  cluster.apply('endpointslices', slice('a', [{ address: '127.0.0.1' }], pod.port))
  await until('pod again', async () => (await controller.serves('one.example')) === 200)
  assert.match(await controller.metrics(), /^ingress_refused 1$/m)

  controller.child.kill('SIGTERM')
  await until('draining', async () => !(await controller.healthy()))
  // it still serves while the cluster takes notice; a worker from before the last change may take a connection meanwhile
  await until('a request while it drains', async () => (await controller.serves('one.example')) === 200)
  const [code] = await controller.exited
  assert.equal(code, 0)
  assert.equal(await controller.serves('one.example'), 0)
  const lines = (await controller.log()).trim().split('\n')
  for (const line of lines) assert.doesNotThrow(() => JSON.parse(line), line)
  assert.ok(lines.some((line) => JSON.parse(line).msg === 'request'))
})
