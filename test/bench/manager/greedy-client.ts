/**
 * One user who takes all they can get: watches, as many as the manager lets them have, and requests without a pause on many
 * connections. Arguments: the manager's URL and a token. Tells its parent how many watches it got once all of it is under
 * way, and ends with its parent.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Agent, request } from 'undici'
import WebSocket from 'ws'

const [url = '', token = ''] = process.argv.slice(2)
const headers = { 'session-token': token }
const wanted = 1000
const connections = 64

async function watch(): Promise<boolean> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/api/v0/workspaces/watch-update`, { headers })
  socket.on('error', () => {})
  return await new Promise((resolve) => {
    socket.once('open', () => resolve(true))
    socket.once('close', () => resolve(false))
  })
}

async function hammer(): Promise<never> {
  const dispatcher = new Agent({ connections: 1 })
  for (;;) {
    const { body, statusCode } = await request(`${url}/api/v0/workspaces`, { headers, dispatcher })
    await body.dump()
    if (statusCode === 429) await sleep(10)
  }
}

let watches = 0
for (let i = 0; i < wanted; i += 50)
  for (const open of await Promise.all(Array.from({ length: 50 }, watch))) if (open) watches++
for (let i = 0; i < connections; i++) hammer().catch(() => process.exit())
process.send?.({ watches })
process.on('disconnect', () => process.exit())
