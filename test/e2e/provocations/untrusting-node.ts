import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { error, type Provocation } from './provocation.ts'

/** The registry is known to this machine under an address at which its nodes do not trust it. */
export const untrustingNode: Provocation = {
  name: 'untrusting-node',
  tells: { 'node-pull': error('CLUSTER_NODE_PULL', /node node cannot pull .*x509/) },
  async arrange({ answers, site }, undo) {
    const [host = '', port = ''] = answers.registry.address.split(':')
    const sockets = new Set<Socket>()
    const server = createServer((incoming) => {
      const outgoing = connect(Number(port), host)
      for (const [socket, other] of [
        [incoming, outgoing],
        [outgoing, incoming],
      ] as const) {
        sockets.add(socket)
        socket.on('error', () => other.destroy()).on('close', () => sockets.delete(socket))
        socket.pipe(other)
      }
    })
    server.listen(0, site.bastionAddress)
    await once(server, 'listening')
    undo.defer(async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    })
    const address = `${host}:${(server.address() as AddressInfo).port}`
    // the address of the lab's load balancer is there for one: not for who would never use it
    return { answers: { registry: { ...answers.registry, address }, serviceType: 'ClusterIP' } }
  },
}
