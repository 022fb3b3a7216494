import { AsyncLocalStorage } from 'node:async_hooks'
import type { EventEmitter } from 'node:events'
import type { Server, Socket } from 'node:net'

/** A connection on whose behalf code runs. */
interface Door {
  /** such as `http` */
  name: string
  /** address of the other side */
  peer: string | undefined
  socket: Socket
}

const doors = new AsyncLocalStorage<Door | undefined>()
/** What was thrown through a listener, whose context is left by then. */
const thrown = new WeakMap<object, Door>()

/**
 * From now on each connection of a server is a door: its listeners, and all that they start, run on its behalf, so that
 * what nobody catches can be laid at it. Call it before the server listens.
 */
export function guardDoors(name: string, server: Server): void {
  const emit = server.emit.bind(server)
  server.emit = ((event: string, ...values: unknown[]) => {
    const [socket] = values as [Socket]
    if (event !== 'connection') return emit(event, ...values)
    const door = { name, peer: socket.remoteAddress, socket }
    // a socket's own events begin at the server, not here
    through(door, socket)
    return behalf(door, () => emit(event, ...values))
  }) as typeof server.emit
}

function through(door: Door, emitter: EventEmitter): void {
  const emit = emitter.emit.bind(emitter)
  emitter.emit = (event, ...values: unknown[]) => behalf(door, () => emit(event, ...values))
}

function behalf<T>(door: Door, run: () => T): T {
  try {
    return doors.run(door, run)
  } catch (error) {
    if (typeof error === 'object' && error !== null) thrown.set(error, door)
    throw error
  }
}

interface LastLine {
  log: { error(fields: object, message: string): void; fatal(fields: object, message: string): void }
  /**
   * Whether what a connection leaves half done is its own affair. Not so where it may hold what others wait for, such as a
   * transaction: there the process ends too.
   */
  alone: boolean
}

/**
 * The last line of defence of a service: an error that nobody caught, or a promise's, is logged with its door and ends
 * that one connection. Where it came through none, the state of the process is anybody's guess: it ends with 1, and
 * Kubernetes starts it anew.
 */
export function standLast({ log, alone }: LastLine): void {
  process.on('uncaughtException', (err, origin) => {
    const door = thrown.get(Object(err)) ?? doors.getStore()
    // Node does not leave the context of what threw
    doors.enterWith(undefined)
    const about = { err, origin, door: door?.name, peer: door?.peer }
    if (door === undefined || !alone) {
      log.fatal(about, 'nobody caught an error: the process ends')
      process.exit(1)
    }
    log.error(about, 'nobody caught an error: its connection ends')
    door.socket.destroy()
  })
}
