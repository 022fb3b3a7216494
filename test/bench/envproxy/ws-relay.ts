import { WebSocket, WebSocketServer } from 'ws'

/** The proxy that is written first: each message is read and sent again. `node ws-relay.ts PORT ws://HOST:PORT` */
const [port, target] = process.argv.slice(2)

const server = new WebSocketServer({ host: '127.0.0.1', port: Number(port), perMessageDeflate: false, backlog: 4096 })
server.on('connection', (client, request) => {
  const protocols = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((one) => one.trim())
  const upstream = new WebSocket(`${target}${request.url}`, protocols, { perMessageDeflate: false })
  const early: { data: WebSocket.RawData; binary: boolean }[] = []
  client.on('message', (data, binary) => {
    if (upstream.readyState === WebSocket.OPEN) upstream.send(data, { binary })
    else early.push({ data, binary })
  })
  upstream.on('open', () => {
    for (const { data, binary } of early) upstream.send(data, { binary })
  })
  upstream.on('message', (data, binary) => client.send(data, { binary }))
  client.on('close', () => upstream.terminate())
  upstream.on('close', () => client.terminate())
  client.on('error', () => client.terminate())
  upstream.on('error', () => upstream.terminate())
})
