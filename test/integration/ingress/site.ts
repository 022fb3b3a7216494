import { once } from 'node:events'
import { chmod } from 'node:fs/promises'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Objects } from '../../../services/ingress/compile.ts'
import { type ConfigurationPlaces, createConfiguration } from '../../../services/ingress/configuration.ts'
import { ask, type ControllerOptions, createController } from '../../../services/ingress/controller.ts'
import type { Refused } from '../../../services/ingress/model.ts'
import { createNginx } from '../../../services/ingress/nginx.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'

export const nginxBinary = '/usr/sbin/nginx'

/** Ports that were free a moment ago: NGINX can't be asked which it chose. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

/** A pod: an HTTP server on a free port of the loopback. */
export async function startPod(t: TestContext, listener: RequestListener): Promise<{ port: number; server: Server }> {
  const server = createServer(listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, server }
}

/** Real NGINX under the real controller; `set` replaces the objects and waits until NGINX serves them. */
export async function startIngress(
  t: TestContext,
  first: Objects,
  places: Partial<ConfigurationPlaces> = {},
  pace: Pick<ControllerOptions, 'retryMs' | 'patienceMs'> = {},
) {
  const folder = await temporaryDirectory(t)
  // its workers, which are nobody where the test is root, look at files there
  await chmod(folder, 0o755)
  const [httpPort = 0, httpsPort = 0] = await freePorts(2)
  const statusSocket = join(folder, 'status.sock')
  const configuration = await createConfiguration(folder, nginxBinary, {
    http: [`127.0.0.1:${httpPort}`],
    https: [`127.0.0.1:${httpsPort}`],
    streamAddresses: ['127.0.0.1'],
    streamConnectionsPerClient: 512,
    streamModule: '/usr/lib/nginx/modules/ngx_stream_module.so',
    statusSocket,
    temporary: join(folder, 'temporary'),
    accessLog: join(folder, 'access.log'),
    workers: 2,
    shutdownSeconds: 60,
    ...places,
  })
  const lines: string[] = []
  const note = (fields: object, message: string) => lines.push(`${message} ${JSON.stringify(fields)}`)
  const log = { info: note, warn: note, error: note }
  const nginx = createNginx({ binary: nginxBinary, configuration: configuration.file, statusSocket, log })
  t.after(async () => {
    if (!t.passed) for (const line of lines) t.diagnostic(line)
    await nginx.quit(500)
  })
  await nginx.start()
  while (!(await ask(statusSocket, '/configuration').catch(() => ''))) await sleep(20)
  let objects = first
  let refused: Refused[] = []
  const controller = createController({
    configuration,
    nginx,
    statusSocket,
    workers: 2,
    log,
    debounceMs: 10,
    farewellMs: 100,
    ...pace,
    read: () => objects,
    report(now) {
      refused = now
    },
  })
  const set = async (next: Objects) => {
    objects = next
    controller.changed()
    await controller.settled()
  }
  await set(first)
  return {
    folder,
    httpPort,
    httpsPort,
    nginx,
    controller,
    configuration,
    statusSocket,
    set,
    lines,
    refused: () => refused,
  }
}
