import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http'
import { connect } from 'node:net'

/** Ports on loopback of what is behind the origin; undefined until it has started. */
export type Targets = { manager?: number; envproxy?: number; dashboard?: number }

/** Below it are dev URLs and editors: browsers look for such names on this machine, and trust them without TLS. */
export const devUrlsHost = 'dev.localhost'

/** One origin for the browser, as the ingress makes it at a site: paths lead to the services, names to workspaces. */
export function createOrigin(targets: Targets): Server {
  const portOf = ({ url: path = '', headers }: IncomingMessage): number | undefined =>
    path.startsWith('/proxy/') || headers.host?.replace(/:\d+$/, '').endsWith(`.${devUrlsHost}`)
      ? targets.envproxy
      : path.startsWith('/api/') || path.startsWith('/auth/')
        ? targets.manager
        : targets.dashboard
  const headersOf = (request: IncomingMessage) => ({
    ...request.headers,
    'x-forwarded-for': request.socket.remoteAddress ?? '',
  })

  const server = createServer((request, response) => {
    const port = portOf(request)
    const refuse = (): void => {
      if (!response.headersSent) response.writeHead(502, { 'content-type': 'text/plain' })
      response.end('not started yet, or ended\n')
    }
    if (port === undefined) return refuse()
    const { method, url: path } = request
    const onward = httpRequest({ host: '127.0.0.1', port, method, path, headers: headersOf(request) }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    onward.on('error', refuse)
    response.on('close', () => onward.destroy())
    request.pipe(onward)
  })
  server.on('upgrade', (request, socket, head) => {
    const port = portOf(request)
    if (port === undefined) return socket.destroy()
    const onward = connect(port, '127.0.0.1', () => {
      const lines = [`${request.method} ${request.url} HTTP/1.1`]
      for (let at = 0; at < request.rawHeaders.length; at += 2)
        lines.push(`${request.rawHeaders[at]}: ${request.rawHeaders[at + 1]}`)
      onward.write(`${lines.join('\r\n')}\r\n\r\n`)
      onward.write(head)
      socket.pipe(onward).pipe(socket)
    })
    onward.on('error', () => socket.destroy())
    socket.on('error', () => onward.destroy())
    socket.on('close', () => onward.destroy())
  })
  return server
}
