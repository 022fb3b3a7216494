// Loaded before the dashboard: it is healthy, and its first page fails.
import { Server } from 'node:http'

const { emit } = Server.prototype
Server.prototype.emit = function (event, ...args) {
  const [request, response] = args
  if (event !== 'request' || request.url !== '/') return emit.call(this, event, ...args)
  response.writeHead(500).end('this release of the lab answers wrongly')
  return true
}
