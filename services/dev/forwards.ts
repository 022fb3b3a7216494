import { createServer, type Server } from 'node:net'
import { PassThrough } from 'node:stream'
import { CoreV1Api, type KubeConfig, PortForward, type V1Pod } from '@kubernetes/client-node'
import { watchObjects } from '../manager/workspaces/kubernetes-watch.ts'
import { workspaceSelector } from '../manager/workspaces/objects.ts'

/** Doors of workspaces on loopback, by way of the Kubernetes API: no name and no address of the cluster is needed. */
export type Forwards = {
  /** the port on loopback that leads to a port of a workspace, once there is a pod */
  portOf(workspace: string, port: number): number | undefined
  close(): Promise<void>
}

const ports = [26337, 13337, 12212]

export function forwardWorkspaces(
  config: KubeConfig,
  namespace: string,
  log: { warn(...args: unknown[]): void },
): Forwards {
  const core = config.makeApiClient(CoreV1Api)
  const forward = new PortForward(config)
  const servers = new Map<string, Server>()
  const pods = watchObjects<V1Pod>({
    config,
    path: `/api/v1/namespaces/${namespace}/pods`,
    list: () => core.listNamespacedPod({ namespace, labelSelector: workspaceSelector }),
    changed(id) {
      for (const port of ports) if (!servers.has(`${id}:${port}`)) open(id, port)
    },
    log,
  })

  function open(id: string, port: number): void {
    const server = createServer((socket) => {
      socket.on('error', () => socket.destroy())
      const pod = pods.of(id).find(({ status }) => status?.phase === 'Running')?.metadata?.name
      if (pod === undefined) return socket.destroy()
      const output = new PassThrough()
      output.pipe(socket)
      forward.portForward(namespace, pod, [port], output, null, socket).then(
        (websocket) => {
          socket.on('close', () => (typeof websocket === 'function' ? websocket()?.close() : websocket.close()))
        },
        (error: Error) => {
          log.warn({ workspace: id, port, reason: error.message }, 'cannot forward')
          socket.destroy()
        },
      )
    })
    servers.set(`${id}:${port}`, server)
    server.listen(0, '127.0.0.1')
  }

  return {
    portOf(workspace, port) {
      const address = servers.get(`${workspace}:${port}`)?.address()
      return typeof address === 'object' ? address?.port : undefined
    },
    async close() {
      for (const server of servers.values()) server.close()
      await pods.close()
    },
  }
}
