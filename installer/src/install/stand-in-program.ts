/** Header of all that a stand-in answers. */
export const standInMark = 'sealift-stand-in'

/** The answer to a WebSocket's handshake (RFC 6455, 4.2.2), then a text frame with a word (5.2). */
const program = `
const [key, cert, https, http] = process.argv.slice(1)
const magic = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const proof = (request) =>
  require('node:crypto').createHash('sha1').update(request.headers['sec-websocket-key'] + magic).digest('base64')
const upgrade = (request, socket) => {
  socket.on('error', () => {})
  const head = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade']
  head.push('Sec-WebSocket-Accept: ' + proof(request), '${standInMark}: here', '', '')
  socket.write(head.join('\\r\\n'))
  socket.write(Buffer.from([0x81, 2, 0x68, 0x69]))
}
const serve = (server, port) => server
  .on('request', (_, response) => response.writeHead(426, { '${standInMark}': 'here', upgrade: 'websocket' }).end())
  .on('upgrade', upgrade)
  .listen(port)
serve(require('node:https').createServer({ key, cert }), https)
serve(require('node:http').createServer(), http)`

/**
 * A command for an image with Node.js: takes every WebSocket and says a word into it; all else hears that an upgrade is
 * required (426).
 */
export const standInCommand = (
  { key, certificate }: { key: string; certificate: string },
  { https, http }: { https: number; http: number },
): string[] => ['node', '-e', program, '--', key, certificate, String(https), String(http)]
