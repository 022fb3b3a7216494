import { type Connection, openAll, openConnection, type Place } from './connection.ts'
import { type Echoes, type Pace, pace } from './pace.ts'

/** What the client process can do. Groups of connections have names. */
export interface Work {
  /** opens one connection for each offer of subprotocols; answers with seconds */
  open(group: string, place: Place, offers: readonly string[]): number
  pace(group: string, how: Pace): Echoes
  close(group: string): void
  /** how many of a group are closed that nobody closed */
  disconnected(group: string): number
  /** receives `bytes` on one new connection; answers with seconds, from the first byte on */
  bulk(place: Place, offer: string, bytes: number): number
  /** opens a connection and reads nothing from it */
  stall(group: string, place: Place, offer: string): void
  /** reads what a stalled connection still gets, up to `bytes`; answers with how many came */
  unstall(group: string, bytes: number): number
  /** opens and closes for some seconds, some at a time; answers with how many were opened in how many seconds */
  churn(place: Place, offers: readonly string[], seconds: number, atOnce: number): { opened: number; seconds: number }
}

const groups = new Map<string, Connection[]>()
const groupOf = (name: string) => groups.get(name) ?? []

const work: { [K in keyof Work]: (...args: Parameters<Work[K]>) => Promise<ReturnType<Work[K]>> } = {
  async open(group, place, offers) {
    const begun = performance.now()
    groups.set(group, await openAll(place, offers))
    return (performance.now() - begun) / 1000
  },
  pace: (group, how) => pace(groupOf(group), how),
  async close(group) {
    for (const { socket } of groupOf(group)) socket.destroy()
    groups.delete(group)
  },
  disconnected: async (group) => groupOf(group).filter(({ closed }) => closed).length,
  async bulk(place, offer, bytes) {
    const connection = await openConnection(place, offer)
    const begun = performance.now()
    await receive(connection, bytes)
    connection.socket.destroy()
    return (performance.now() - begun) / 1000
  },
  async stall(group, place, offer) {
    const connection = await openConnection(place, offer)
    connection.socket.pause()
    groups.set(group, [connection])
  },
  async unstall(group, bytes) {
    const connection = groupOf(group)[0]
    if (!connection) return 0
    connection.socket.resume()
    await receive(connection, bytes)
    return connection.received
  },
  async churn(place, offers, limit, atOnce) {
    const begun = performance.now()
    let opened = 0
    const lane = async (first: number) => {
      for (let i = first; performance.now() - begun < limit * 1000; i += atOnce) {
        const { socket } = await openConnection(place, offers[i % offers.length] as string)
        opened += 1
        socket.destroy()
      }
    }
    await Promise.all(Array.from({ length: atOnce }, (_, i) => lane(i)))
    return { opened, seconds: (performance.now() - begun) / 1000 }
  },
}

function receive(connection: Connection, bytes: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${connection.received} of ${bytes} bytes came in 60 s`)), 60_000)
    connection.onData = () => {
      if (connection.received < bytes) return
      clearTimeout(timer)
      resolve()
    }
    connection.onData(Buffer.alloc(0))
  })
}

process.on('message', ({ id, name, args }: { id: number; name: keyof Work; args: never[] }) => {
  ;(work[name] as (...args: never[]) => Promise<unknown>)(...args).then(
    (value) => process.send?.({ id, value }),
    (error: Error) => process.send?.({ id, error: error.message }),
  )
})
process.on('disconnect', () => process.exit())
