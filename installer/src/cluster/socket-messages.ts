import type WebSocket from 'ws'

/** A connection that failed, where a message was expected. */
export class SocketLost extends Error {}

/** bytes that wait for their reader before the socket is paused */
const waiting = 256 * 1024
/** milliseconds between pings, which also keep load balancers from ending what is still */
const pingInterval = 20_000
/** milliseconds without a sign of life after which a connection counts as lost */
const silence = 80_000

/**
 * The binary messages of a socket that `openSocket` gave, in order, with back-pressure; ends when it is closed. A peer that
 * doesn't answer to pings is given up. While `input` has not ended that is not known: a peer that waits for its program to read
 * answers nothing either.
 * @throws SocketLost
 */
export async function* messagesOf(
  socket: WebSocket,
  input?: { ended: boolean },
): AsyncGenerator<Buffer, void, undefined> {
  const queue: Buffer[] = []
  let queued = 0
  let closed = false
  let failure: SocketLost | undefined
  let wake = () => {}
  let heard = Date.now()
  // pings behind the end of the input are answered when the program has read all of it
  let watched = input === undefined
  const last = Buffer.from('last')
  const receive = (data: WebSocket.RawData) => {
    heard = Date.now()
    queue.push(data as Buffer)
    queued += (data as Buffer).length
    if (queued >= waiting) socket.pause()
    wake()
  }
  const pong = (data: Buffer) => {
    heard = Date.now()
    if (data.equals(last)) watched = true
  }
  const close = () => {
    closed = true
    wake()
  }
  const fail = (error: Error) => {
    failure ??= new SocketLost(error.message, { cause: error })
  }
  const timer = setInterval(() => {
    if (watched && !socket.isPaused && Date.now() - heard > silence) {
      fail(new Error(`nothing was heard for ${Math.round((Date.now() - heard) / 1000)} s`))
      socket.terminate()
    } else if (socket.readyState === socket.OPEN) socket.ping(input?.ended ? last : undefined)
  }, pingInterval)
  socket.on('message', receive).on('pong', pong).on('close', close).on('error', fail)
  if (socket.readyState === socket.OPEN) socket.resume()
  else closed = true
  try {
    for (;;) {
      const message = queue.shift()
      if (message) {
        queued -= message.length
        yield message
        if (socket.isPaused && queued < waiting) {
          heard = Date.now()
          socket.resume()
        }
      } else if (closed) break
      else
        await new Promise<void>((resolve) => {
          wake = resolve
        })
    }
    if (failure) throw failure
  } finally {
    clearInterval(timer)
    socket.off('message', receive).off('pong', pong).off('close', close)
  }
}
