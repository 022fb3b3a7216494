import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket, WebSocketServer } from 'ws'
import { acceptingWorkers } from '../../../services/ingress/accepting.ts'
import { ask } from '../../../services/ingress/controller.ts'
import { ingress, slice, world } from '../../unit/services/ingress/objects.ts'
import { startIngress, startPod } from './site.ts'

const rules = { 'cde.example': { '/': 'a' } }

/**
 * Sends requests one after the other until told to stop; counts what came. A kept connection may close just when a
 * client uses it again; clients repeat such a GET (RFC 9110, section 9.2.2), so here only GETs keep connections.
 */
function keepAsking(port: number, method: 'GET' | 'POST') {
  const agent = new Agent({ keepAlive: method === 'GET' })
  const found: Record<string, number> = {}
  let asking = true
  const once = () =>
    new Promise<string>((resolve) => {
      const given = { port, host: '127.0.0.1', path: '/', method, agent, headers: { host: 'cde.example' } }
      const outgoing = request(given, (answer) => {
        answer.resume().on('end', () => resolve(String(answer.statusCode)))
      })
      outgoing.on('error', (error: NodeJS.ErrnoException) =>
        resolve(outgoing.reusedSocket ? 'repeat' : (error.code ?? 'error')),
      )
      outgoing.end(method === 'POST' ? 'body' : undefined)
    })
  const ended = (async () => {
    while (asking) {
      let outcome = await once()
      while (outcome === 'repeat') outcome = await once()
      found[outcome] = (found[outcome] ?? 0) + 1
    }
    agent.destroy()
  })()
  return {
    /** Waits for so many more answers, whatever they are. */
    async more(count: number) {
      const total = () => Object.values(found).reduce((sum, each) => sum + each, 0)
      for (const wanted = total() + count; total() < wanted; ) await sleep(10)
    },
    async stop() {
      asking = false
      await ended
      return found
    },
  }
}

test('an open WebSocket survives reloads while its pod stays', async (t) => {
  const websockets = new WebSocketServer({ noServer: true })
  const pod = await startPod(t, (_request, response) => response.end('ok'))
  pod.server.on('upgrade', (incoming, socket, head) => {
    websockets.handleUpgrade(incoming, socket as Socket, head, (websocket) => {
      websocket.on('message', (data, isBinary) => websocket.send(data, { binary: isBinary }))
    })
  })
  const slices = [slice('a', [{ address: '127.0.0.1' }], pod.port)]
  const site = await startIngress(t, world({ slices, ingresses: [ingress('x', rules)] }))
  const websocket = new WebSocket(`ws://127.0.0.1:${site.httpPort}/`, { headers: { host: 'cde.example' } })
  await once(websocket, 'open')
  const before = site.controller.reloads
  for (const name of ['y', 'z']) {
    await site.set(
      world({ slices, ingresses: [ingress('x', rules), ingress(name, { [`${name}.example`]: { '/': 'a' } })] }),
    )
    websocket.send(name)
    const [back] = (await once(websocket, 'message')) as [Buffer]
    assert.equal(back.toString(), name)
  }
  assert.equal(site.controller.reloads, before + 2)
  websocket.close()
  await once(websocket, 'close')
})

test('no request is lost while every pod is replaced, one after the other', async (t) => {
  const answer = (response: { end(text: string): void }) => setTimeout(() => response.end('ok'), 5)
  const ingresses = [ingress('x', rules)]
  let pods = [
    await startPod(t, (_request, response) => answer(response)),
    await startPod(t, (_request, response) => answer(response)),
  ]
  const endpoints = () => pods.map(({ port }) => slice('a', [{ address: '127.0.0.1' }], port))
  const named = () =>
    endpoints().map((each, index) => ({ ...each, metadata: { ...each.metadata, name: `a-${index}` } }))
  const site = await startIngress(t, world({ slices: named(), ingresses }))
  const clients = (['GET', 'GET', 'POST'] as const).map((method) => keepAsking(site.httpPort, method))
  const more = () => Promise.all(clients.map((client) => client.more(10)))
  for (let round = 0; round < 4; round += 1) {
    await more()
    const leaving = pods[0]
    pods = [...pods.slice(1), await startPod(t, (_request, response) => answer(response))]
    await site.set(world({ slices: named(), ingresses }))
    // As Kubernetes does it: the pod leaves the slices, finishes what it has, and only then closes its port.
    await more()
    leaving?.server.close()
    leaving?.server.closeIdleConnections()
  }
  await more()
  const found = await Promise.all(clients.map((client) => client.stop()))
  const total = found.reduce((sum, each) => sum + (each['200'] ?? 0), 0)
  for (const each of found) assert.deepEqual(Object.keys(each), ['200'], JSON.stringify(found))
  t.diagnostic(`${total} requests, none lost, ${site.controller.reloads} reloads`)
})

/** A client that keeps its connection until it is asked to come back over another one; counts those that ended before. */
function keptClient(port: number) {
  let socket: Socket | undefined
  const seen = { connections: 0, endedByPeer: 0 }
  return {
    seen,
    async ask(): Promise<void> {
      if (socket === undefined) {
        seen.connections += 1
        const fresh = connect(port, '127.0.0.1')
        fresh.once('end', () => {
          if (socket === fresh) seen.endedByPeer += 1
          socket = undefined
        })
        socket = fresh
      }
      const current = socket
      current.write('GET / HTTP/1.1\r\nhost: cde.example\r\n\r\n')
      let answer = ''
      while (!answer.endsWith('ok')) {
        const [chunk] = (await once(current, 'data')) as [Buffer]
        answer += chunk.toString()
      }
      if (!/^connection: close\r$/im.test(answer)) return
      socket = undefined
      current.end()
    },
    close: () => socket?.destroy(),
  }
}

test('a client in use is let go of before its connection is closed, at a reload and when the pod leaves', async (t) => {
  const pod = await startPod(t, (_request, response) => response.setHeader('content-length', 2).end('ok'))
  const slices = [slice('a', [{ address: '127.0.0.1' }], pod.port)]
  const site = await startIngress(t, world({ slices, ingresses: [ingress('x', rules)] }))
  const client = keptClient(site.httpPort)
  t.after(client.close)
  const askWhile = async (change: Promise<unknown>) => {
    let over = false
    const changed = change.finally(() => {
      over = true
    })
    while (!over) await client.ask().then(() => sleep(5))
    await changed
  }
  await askWhile(sleep(50))
  assert.equal(client.seen.connections, 1)
  for (const name of ['y', 'z'])
    await askWhile(
      site.set(
        world({ slices, ingresses: [ingress('x', rules), ingress(name, { [`${name}.example`]: { '/': 'a' } })] }),
      ),
    )
  await site.configuration.sayFarewell()
  const { connections } = client.seen
  await client.ask()
  await client.ask()
  assert.equal(client.seen.connections, connections + 1)
  await site.nginx.quit(10_000)
  assert.equal(client.seen.endedByPeer, 0)
})

test('a pod that is gone before anybody said so costs no request while another stands', async (t) => {
  const first = await startPod(t, (_request, response) => response.end('first'))
  const second = await startPod(t, (_request, response) => response.end('second'))
  const slices = [first, second].map(({ port }, index) => {
    const each = slice('a', [{ address: '127.0.0.1' }], port)
    return { ...each, metadata: { ...each.metadata, name: `a-${index}` } }
  })
  const site = await startIngress(t, world({ slices, ingresses: [ingress('x', rules)] }))
  first.server.close()
  first.server.closeAllConnections()
  const clients = (['GET', 'POST'] as const).map((method) => keepAsking(site.httpPort, method))
  for (const client of clients) {
    await client.more(20)
    assert.deepEqual(Object.keys(await client.stop()), ['200'])
  }
})

test('unchanged objects cause no reload, and a burst of changes causes one', async (t) => {
  const pod = await startPod(t, (_request, response) => response.end('ok'))
  const slices = [slice('a', [{ address: '127.0.0.1' }], pod.port)]
  const site = await startIngress(t, world({ slices, ingresses: [ingress('x', rules)] }))
  const before = site.controller.reloads
  await site.set(world({ slices, ingresses: [ingress('x', rules)] }))
  assert.equal(site.controller.reloads, before)
  const changing = [1, 2, 3].map((n) =>
    site.set(world({ slices, ingresses: [ingress('x', rules), ingress('y', { [`y${n}.example`]: { '/': 'a' } })] })),
  )
  await Promise.all(changing)
  assert.equal(site.controller.reloads, before + 1)
})

test('a change is settled only once no old worker takes connections', async (t) => {
  const pod = await startPod(t, (_request, response) => response.end('ok'))
  const slices = [slice('a', [{ address: '127.0.0.1' }], pod.port)]
  const site = await startIngress(t, world({ slices, ingresses: [ingress('x', rules)] }))
  const [slow] = await acceptingWorkers(site.nginx.pid ?? 0)
  assert.ok(slow)
  // it can't hear that it is to end, as on a busy machine
  process.kill(slow, 'SIGSTOP')
  let settled = false
  const next = world({ slices, ingresses: [ingress('x', { 'y.example': { '/': 'a' } })] })
  const change = site.set(next).then(() => {
    settled = true
  })
  const { revision } = site.configuration
  const answer = () => ask(site.statusSocket, '/configuration').catch(() => revision)
  for (let i = 0; i < 500 && (await answer()) === revision; i += 1) await sleep(20)
  await sleep(300)
  const early = settled
  process.kill(slow, 'SIGCONT')
  await change
  assert.equal(early, false, 'an old worker still had the listening sockets')
  assert.ok(!(await acceptingWorkers(site.nginx.pid ?? 0)).includes(slow))
})

test('a change that NGINX does not take at once is settled once it has', async (t) => {
  const pod = await startPod(t, (_request, response) => response.end('ok'))
  const slices = [slice('a', [{ address: '127.0.0.1' }], pod.port)]
  const objects = (host: string) => world({ slices, ingresses: [ingress('x', { [host]: { '/': 'a' } })] })
  const site = await startIngress(t, objects('other.example'), {}, { patienceMs: 1_000, retryMs: 100 })
  const { pid: master = 0 } = site.nginx
  const failures = site.controller.failures
  process.kill(master, 'SIGSTOP')
  let settled = false
  const change = site.set(objects('cde.example')).then(() => {
    settled = true
  })
  for (let i = 0; i < 500 && site.controller.failures === failures; i += 1) await sleep(20)
  await sleep(50)
  const early = settled
  process.kill(master, 'SIGCONT')
  await change
  assert.equal(early, false)
  assert.equal(await fetchHost(site.httpPort), 200)
})

test('NGINX that was killed comes back with the configuration it had', async (t) => {
  const pod = await startPod(t, (_request, response) => response.end('ok'))
  const slices = [slice('a', [{ address: '127.0.0.1' }], pod.port)]
  const site = await startIngress(t, world({ slices, ingresses: [ingress('x', rules)] }))
  const killed = site.nginx.pid
  assert.ok(killed)
  process.kill(killed, 'SIGKILL')
  const ask = () => fetchHost(site.httpPort)
  let status = 0
  for (let i = 0; i < 1000 && (status !== 200 || site.nginx.pid === killed || !site.nginx.pid); i += 1) {
    await sleep(50)
    status = await ask()
  }
  assert.equal(status, 200)
  assert.notEqual(site.nginx.pid, killed)
  assert.ok(site.nginx.crashes >= 1)
})

function fetchHost(port: number): Promise<number> {
  return new Promise((resolve) => {
    const outgoing = request({ port, host: '127.0.0.1', agent: false, headers: { host: 'cde.example' } }, (answer) => {
      answer.resume()
      resolve(answer.statusCode ?? 0)
    })
    outgoing.on('error', () => resolve(0))
    outgoing.end()
  })
}

test('a quit lets a running request finish', async (t) => {
  const arrived = Promise.withResolvers<void>()
  const pod = await startPod(t, (_request, response) => {
    arrived.resolve()
    setTimeout(() => response.end('late'), 600)
  })
  const slices = [slice('a', [{ address: '127.0.0.1' }], pod.port)]
  const site = await startIngress(t, world({ slices, ingresses: [ingress('x', rules)] }))
  const answered = fetchHost(site.httpPort)
  await arrived.promise
  await site.nginx.quit(10_000)
  assert.equal(await answered, 200)
})
