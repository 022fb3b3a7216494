import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createEnvagent } from '../../../services/workspace/app.ts'
import { grantReader } from '../../../services/workspace/grant.ts'
import { createGuard, type GuardOptions } from '../../../services/workspace/guard.ts'
import { createIdeServer } from '../../../services/workspace/ide/door.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { signingKey } from '../envproxy/guarded.ts'
import { listen } from '../envproxy/site.ts'

const workspace = 'abcde12345'
const ports = { shell: 26337, ide: 13337 }
type Door = keyof typeof ports

/** Both doors of one agent, an editor that sends everything back, and what the agent logged. */
async function startDoors(t: TestContext) {
  const key = await signingKey()
  const readGrant = grantReader(key.jwks, workspace)
  const logged: string[] = []
  const note = (fields: object, message: string) => void logged.push(JSON.stringify({ ...fields, message }))
  const log = { info: note, warn: note }
  const home = await temporaryDirectory(t)
  const agent = createEnvagent({ home, environment: { HOME: home }, readGrant, log })
  t.after(() => agent.sessions.endAll())
  let reached = ''
  const editorPort = await listen(
    t,
    createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('data', (chunk) => {
        reached += chunk.toString('latin1')
      })
      socket.pipe(socket)
    }),
  )
  const editor = {
    async connect() {
      const socket = connect({ port: editorPort, host: '127.0.0.1', allowHalfOpen: true })
      await once(socket, 'connect')
      return socket
    },
    stop() {},
  }
  const doors = {
    shell: await listen(t, agent.server),
    ide: await listen(t, createIdeServer(editor, { readGrant, log })),
  }
  return { key, doors, logged, agent, reached: () => reached }
}

/** Sends bytes and reads until the other side ends, or says so much. */
async function talk(port: number, send: string | string[], enough = Number.POSITIVE_INFINITY): Promise<string> {
  const socket = open(port)
  for (const piece of [send].flat()) {
    socket.write(piece, 'latin1')
    if (Array.isArray(send)) await sleep(1)
  }
  let text = ''
  try {
    for await (const chunk of socket) {
      text += chunk.toString('latin1')
      if (text.length >= enough) break
    }
  } catch {
    // reset: it had not read all that we sent
  }
  socket.destroy()
  return text
}

function open(port: number): Socket {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
  socket.on('error', () => {})
  return socket
}

const upgrade =
  'GET /shell HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
  `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`

/** What whoever reaches the agent may begin with, made for a door; none of it gets in. */
const beginnings: Record<string, (site: Awaited<ReturnType<typeof startDoors>>, door: Door) => unknown> = {
  'a WebSocket': () => '',
  'another request': () => 'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
  'health by another method': () => 'POST /healthz HTTP/1.1\r\n\r\n',
  'health with more behind it': () => 'GET /healthz/../shell HTTP/1.1\r\n\r\n',
  'HTTP/2': () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'an empty line': () => '\r\n',
  'an empty grant': () => 'CDE \r\n',
  'no token': () => 'CDE let-me-in\r\n',
  zeros: () => '\0'.repeat(100_000),
  'a line without end': () => `CDE ${'a'.repeat(100_000)}`,
  'a grant that has expired': ({ key }, door) =>
    key.sign({ sub: 'u', workspace, port: ports[door] }, 'workspace', -61).then(line),
  'a grant for the other door': ({ key }, door) =>
    key.grant(workspace, ports[door === 'shell' ? 'ide' : 'shell']).then(line),
  'a grant for SSH': ({ key }) =>
    key.sign({ sub: 'u', workspace, port: 12212, key: 'SHA256:x' }, 'workspace').then(line),
  'a grant for another workspace': ({ key }, door) => key.grant('zzzzz12345', ports[door]).then(line),
  'a grant of another manager': async (_site, door) =>
    signingKey().then((other) => other.grant(workspace, ports[door]).then(line)),
  'a grant for nobody': ({ key }, door) => key.sign({ workspace, port: ports[door] }, 'workspace').then(line),
  'a ticket': ({ key }, door) => key.sign({ sub: 'u', workspace, port: ports[door] }, 'envproxy').then(line),
  'a grant without a signature': ({ key }, door) =>
    key.grant(workspace, ports[door]).then((grant) => {
      const none = Buffer.from('{"alg":"none"}').toString('base64url')
      return line(`${none}.${grant.split('.')[1]}.`)
    }),
  'a grant in another spelling': ({ key }, door) =>
    key.grant(workspace, ports[door]).then((grant) => `cde ${grant}\r\n`),
  'a grant and more': ({ key }, door) => key.grant(workspace, ports[door]).then((grant) => `CDE ${grant} x\r\n`),
  'a space before it': ({ key }, door) => key.grant(workspace, ports[door]).then((grant) => ` CDE ${grant}\r\n`),
}
const line = (grant: string) => `CDE ${grant}\r\n`

test('whoever brings no grant of the manager for this very door gets no further', async (t) => {
  const site = await startDoors(t)
  for (const door of ['shell', 'ide'] as const)
    for (const [name, make] of Object.entries(beginnings)) {
      const answer = await talk(site.doors[door], `${await make(site, door)}${upgrade}`)
      assert.ok(answer === '' || /^HTTP\/1\.1 403 .*"GRANT_REFUSED"/s.test(answer), `${door}, ${name}: ${answer}`)
    }
  assert.equal(site.agent.sessions.count, 0)
  assert.equal(site.reached(), '')
})

test('a grant opens its door, in one piece with the request, byte by byte, and a minute late', async (t) => {
  const site = await startDoors(t)
  const opened = /^HTTP\/1\.1 101 /
  const good = line(await site.key.grant(workspace, ports.shell))
  assert.match(await talk(site.doors.shell, good + upgrade, 60), opened)
  assert.match(await talk(site.doors.shell, [...(good + upgrade)], 60), opened)
  assert.match(await talk(site.doors.shell, [good, upgrade], 60), opened)
  const late = line(await site.key.sign({ sub: 'u', workspace, port: ports.shell }, 'workspace', -30))
  assert.match(await talk(site.doors.shell, late + upgrade, 60), opened)
  const editor = line(await site.key.grant(workspace, ports.ide))
  assert.equal(await talk(site.doors.ide, [...`${editor}x\r\ny`], 4), 'x\r\ny')
  assert.equal(site.reached(), 'x\r\ny', 'code-server sees nothing of the grant')
  for (const grant of [good, late, editor])
    assert.ok(!site.logged.join().includes(grant.slice(4, 40)), 'no log shows a grant')
})

test('16 MB behind a grant come back whole, also to a peer that has ended its own direction and reads late', async (t) => {
  const site = await startDoors(t)
  const socket = open(site.doors.ide)
  const sent = randomBytes(16 * 1024 * 1024)
  socket.write(line(await site.key.grant(workspace, ports.ide)))
  socket.end(sent)
  await sleep(200)
  const back: Buffer[] = []
  for await (const chunk of socket) back.push(chunk)
  assert.ok(Buffer.concat(back).equals(sent))
})

test('only the agent says how it is without a grant, and nothing else', async (t) => {
  const site = await startDoors(t)
  const probe =
    'GET /healthz HTTP/1.1\r\nHost: 10.0.0.1:26337\r\nUser-Agent: kube-probe/1.34\r\nConnection: close\r\n\r\n'
  assert.match(await talk(site.doors.shell, probe), /^HTTP\/1\.1 200 .*\{"status":"ok"\}$/s)
  assert.equal((await fetch(`http://127.0.0.1:${site.doors.shell}/healthz`)).status, 200)
  assert.match(await talk(site.doors.shell, probe + probe), /^HTTP\/1\.1 200 (?!.*HTTP)/s, 'once for each connection')
  assert.match(await talk(site.doors.ide, probe), /^HTTP\/1\.1 403 /)
})

/** A guard whose admitted connections get one letter. */
async function startGuard(t: TestContext, options: Partial<GuardOptions>) {
  const key = await signingKey()
  const guard: Server = createGuard(
    {
      port: ports.shell,
      readGrant: grantReader(key.jwks, workspace),
      healthz: true,
      maxAdmitted: 8,
      log: { warn() {} },
      ...options,
    },
    (socket) =>
      socket
        .resume()
        .on('end', () => socket.end())
        .write('+'),
  )
  const port = await listen(t, guard)
  const grant = line(await key.grant(workspace, ports.shell))
  return { port, grant, enter: () => talk(port, grant, 1) }
}

test('an agent without keys lets nobody in, and still says how it is', async (t) => {
  const site = await startGuard(t, { readGrant: undefined })
  assert.match(await site.enter(), /^HTTP\/1\.1 403 |^H$/)
  assert.match(await talk(site.port, 'GET /healthz HTTP/1.1\r\n\r\n'), /^HTTP\/1\.1 200 /)
})

test('connections that say nothing, or little, are ended, and make room for one with a grant', async (t) => {
  const site = await startGuard(t, { maxStrangers: 4, strangerMs: 1_000 })
  const ended: number[] = []
  const strangers = Array.from({ length: 6 }, () => open(site.port).resume())
  const all = strangers.map((socket, at) => {
    socket.once('end', () => socket.destroy())
    return new Promise<void>((resolve) => socket.once('close', () => resolve(void ended.push(at))))
  })
  await Promise.all(strangers.map((socket) => once(socket, 'connect')))
  const drip = setInterval(() => strangers.at(-1)?.write('C'), 20)
  t.after(() => clearInterval(drip))
  assert.equal(await site.enter(), '+')
  assert.equal(await site.enter(), '+')
  assert.ok(ended.length >= 2 && !ended.includes(5), `the oldest make room: ${ended}`)
  await Promise.all(all)
})

test('those who were let in are as many as may be, and leave their place', async (t) => {
  const site = await startGuard(t, { maxAdmitted: 2 })
  const inside = [open(site.port), open(site.port)]
  for (const socket of inside) {
    socket.write(site.grant)
    await once(socket, 'data')
  }
  assert.match(await talk(site.port, site.grant), /^HTTP\/1\.1 503 .*"WORKSPACE_FULL"/s)
  inside[0]?.destroy()
  while ((await site.enter()) !== '+') await sleep(10)
})
