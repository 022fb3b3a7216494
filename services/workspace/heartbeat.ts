import type { WebSocket } from 'ws'

/**
 * Pings a client every `intervalMs` and cuts it when a ping stays without an answer until the next one. Keeps the
 * connection alive through proxies with idle timeouts, and notices clients that vanished without a word.
 */
export function keepBeating(socket: WebSocket, intervalMs: number): void {
  let answered = true
  socket.on('pong', () => {
    answered = true
  })
  const timer = setInterval(() => {
    // A client whose reading is stopped for back-pressure can't answer in time; its data is a sign of life.
    if (!answered && !socket.isPaused) return socket.terminate()
    answered = false
    socket.ping()
  }, intervalMs)
  socket.once('close', () => clearInterval(timer))
}
