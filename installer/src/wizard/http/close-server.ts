import type { Server } from 'node:http'

/** milliseconds that answers under way may take */
const grace = 1000

/** Takes no more requests, ends streams by `end`, lets answers under way arrive, and cuts what is left. */
export async function closeServer(server: Server, end: AbortController): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  end.abort()
  server.closeIdleConnections()
  // an answer leaves its connection open for more
  const idle = setInterval(() => server.closeIdleConnections(), 20)
  const cut = setTimeout(() => server.closeAllConnections(), grace)
  await closed
  clearInterval(idle)
  clearTimeout(cut)
}
