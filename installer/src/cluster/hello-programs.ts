/** where the server listens */
const port = 8080

/** Exit code of `helloClient` where it did not come to what was wanted; any other but 0 says that it did not run. */
export const otherwise = 9

/** What a client tries for: to hear the server, or to be cut off from it. */
export type Wanted = 'through' | 'cut off'

/** A command for an image with Node.js: says hello to everybody who connects. */
export const helloServer: readonly string[] = [
  'node',
  '-e',
  `require('node:net').createServer((socket) => socket.on('error', () => {}).end('hello')).listen(${port})`,
]

const client = `
const [host, port, wanted, limit] = process.argv.slice(1)
const end = Date.now() + Number(limit)
let misses = 0
const over = (heard) => {
  misses = heard ? 0 : misses + 1
  if (wanted === 'through' ? heard : misses === 3) process.exit(0)
  if (Date.now() > end) process.exit(${otherwise})
  setTimeout(attempt, 300)
}
const attempt = () => {
  const socket = require('node:net').connect(port, host)
  let heard = false
  socket.setTimeout(2000, () => socket.destroy())
  socket.on('data', () => { heard = true })
  socket.on('error', () => {})
  socket.on('close', () => over(heard))
}
attempt()`

/**
 * A command for an image with Node.js: tries to hear the server at an address until that goes as wanted, at most `limit`
 * milliseconds. It takes three misses in a row for "cut off": one lost packet is no proof.
 */
export const helloClient = (host: string, wanted: Wanted, limit: number, at = port): readonly string[] => [
  ...['node', '-e', client],
  ...[host, String(at), wanted, String(limit)],
]
