import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startAgent } from './agent.ts'

const alive = (pid: number) => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

test('a login shell in HOME answers, and the first message names the session', async (t) => {
  const agent = await startAgent(t)
  const shell = await agent.connect('?cols=100&rows=30')
  assert.match(await shell.id(), /^[\w-]{22}$/)
  shell.type('shopt -q login_shell && echo login-$((40+2)) && pwd && stty size\n')
  await shell.seen(/login-42\r\n/)
  await shell.seen(new RegExp(`${agent.home}\r\n30 100\r\n`))
})

test('a resize reaches the program in the terminal', async (t) => {
  const agent = await startAgent(t)
  const shell = await agent.connect('?cols=80&rows=24')
  await shell.id()
  shell.websocket.send(JSON.stringify({ type: 'resize', cols: 132, rows: 43 }))
  shell.type('stty size\n')
  await shell.seen(/43 132\r\n/)
})

test('malformed control messages and sizes change nothing', async (t) => {
  const agent = await startAgent(t)
  const shell = await agent.connect('?cols=999999&rows=-1')
  await shell.id()
  for (const bad of [
    '{',
    '[]',
    'null',
    '{"type":"resize","cols":1e9,"rows":5}',
    '{"type":"resize","cols":"9","rows":5}',
  ]) {
    shell.websocket.send(bad)
  }
  shell.type('stty size\n')
  await shell.seen(/24 80\r\n/)
})

test('the exit code comes last, and the connection ends', async (t) => {
  const agent = await startAgent(t)
  const shell = await agent.connect()
  await shell.id()
  shell.type('echo bye; exit 7\n')
  assert.equal(await shell.closed, 1000)
  assert.match(shell.output(), /bye\r\n/)
  assert.deepEqual(shell.control.at(-1), { type: 'exit', code: 7 })
  assert.equal(agent.sessions.count, 0)
})

test('a shell ended by a signal reports 128 and the signal', async (t) => {
  const agent = await startAgent(t)
  const shell = await agent.connect()
  await shell.id()
  shell.type('kill -9 $$\n')
  await shell.closed
  assert.deepEqual(shell.control.at(-1), { type: 'exit', code: 137 })
})

test('the shell goes on without a client, and one who comes back by id sees what it missed', async (t) => {
  const agent = await startAgent(t)
  const first = await agent.connect()
  const id = await first.id()
  first.type('MARK=kept; (sleep 0.3; echo while-you-were-$((1+1))away) &\n')
  await first.seen(/while-you/)
  first.websocket.terminate()
  await first.closed
  await sleep(600)
  const second = await agent.connect(`?id=${id}`)
  assert.equal(await second.id(), id)
  assert.equal(second.control[0]?.resumed, true)
  await second.seen(/while-you-were-2away\r\n/)
  second.type('echo $MARK-$((2+3))\n')
  await second.seen(/kept-5\r\n/)
})

test('the replay holds the last 64 KiB and begins at a line', async (t) => {
  const agent = await startAgent(t)
  const first = await agent.connect()
  const id = await first.id()
  first.type('seq 100000 130000; echo don""e\n')
  await first.seen(/done\r\n/)
  first.websocket.terminate()
  await first.closed
  const second = await agent.connect(`?id=${id}`)
  await second.seen(/130000\r\ndone\r\n/)
  const length = second.output().length
  assert.ok(length <= 65_536 && length > 64_000, `replayed ${length} bytes`)
  assert.match(second.output(), /^\d{6}\r\n/)
})

test('an unknown id gets a new session under a new id', async (t) => {
  const agent = await startAgent(t)
  const asked = 'A'.repeat(22)
  const shell = await agent.connect(`?id=${asked}`)
  assert.notEqual(await shell.id(), asked)
  assert.equal(shell.control[0]?.resumed, false)
})

test('a second client takes the session over, the first is told', async (t) => {
  const agent = await startAgent(t)
  const first = await agent.connect()
  const second = await agent.connect(`?id=${await first.id()}`)
  assert.equal(await first.closed, 4001)
  second.type('echo still-$((3*3))\n')
  await second.seen(/still-9\r\n/)
})

test('a session without a client ends after the keep-alive, and its shell and what it runs are gone', async (t) => {
  const agent = await startAgent(t, { keepAliveMs: 150 })
  const shell = await agent.connect()
  await shell.id()
  shell.type('echo pid=$$; sleep 1000\n')
  await shell.seen(/pid=\d+\r\n/)
  const pid = Number(/pid=(\d+)/.exec(shell.output())?.[1])
  assert.ok(alive(pid))
  shell.websocket.terminate()
  await shell.closed
  for (let i = 0; i < 200 && existsSync(`/proc/${pid}`); i += 1) await sleep(20)
  assert.equal(agent.sessions.count, 0)
  // No entry at all: not running, and no zombie either.
  assert.equal(existsSync(`/proc/${pid}`), false)
})

test('one who comes back after the shell has ended learns how it ended', async (t) => {
  const agent = await startAgent(t)
  const first = await agent.connect()
  const id = await first.id()
  first.type('sleep 0.3; exit 3\n')
  await first.seen(/exit 3/)
  first.websocket.terminate()
  await sleep(700)
  const second = await agent.connect(`?id=${id}`)
  assert.equal(await second.closed, 1000)
  assert.deepEqual(second.control.at(-1), { type: 'exit', code: 3 })
})

test('a client that does not read stops the shell instead of filling the memory, and loses nothing', async (t) => {
  const agent = await startAgent(t)
  const shell = await agent.connect()
  await shell.id()
  shell.websocket.pause()
  shell.type('head -c 40000000 /dev/zero | tr "\\0" x; touch finished; echo; echo don""e\n')
  await sleep(1500)
  assert.equal(existsSync(`${agent.home}/finished`), false)
  shell.websocket.resume()
  await shell.seen(/done\r\n/)
  const begin = shell.output().indexOf('xxxx')
  assert.equal(shell.output().indexOf('\r', begin) - begin, 40_000_000)
})

test('input that no program reads holds nobody up, and is not kept without bound', async (t) => {
  const agent = await startAgent(t)
  const stuck = await agent.connect()
  await stuck.id()
  stuck.type('stty raw -echo; sleep 1000\n')
  await sleep(200)
  for (let i = 0; i < 100; i += 1) stuck.websocket.send(Buffer.alloc(500_000, 120))
  await sleep(500)
  assert.ok(stuck.websocket.bufferedAmount > 0, 'the client was not held back')
  const other = await agent.connect()
  other.type('echo alive-$((5+5))\n')
  await other.seen(/alive-10\r\n/)
})

test('a paste of 200 KB arrives whole', async (t) => {
  const agent = await startAgent(t)
  const shell = await agent.connect()
  await shell.id()
  shell.type("stty raw -echo; echo rea''dy; head -c 200000 | sha256sum; stty sane\n")
  await shell.seen(/ready/)
  shell.type('a'.repeat(200_000))

  const expected = createHash('sha256').update('a'.repeat(200_000)).digest('hex')
  await shell.seen(new RegExp(expected))
})

test('the number of terminals is limited', async (t) => {
  const agent = await startAgent(t, { maxSessions: 1 })
  const first = await agent.connect()
  await first.id()
  const second = await agent.connect()
  assert.equal(await second.closed, 1013)
})

test('a frame over the limit ends the connection, the session stays', async (t) => {
  const agent = await startAgent(t)
  const shell = await agent.connect()
  await shell.id()
  shell.websocket.send(Buffer.alloc(2_000_000))
  assert.equal(await shell.closed, 1009)
  assert.equal(agent.sessions.count, 1)
})

test('a client that stops answering pings is cut, its session stays', async (t) => {
  const agent = await startAgent(t, { pingMs: 100 })
  const websocket = agent.open('/shell', { autoPong: false })
  await once(websocket, 'open')
  const [code] = (await once(websocket, 'close')) as [number]
  assert.equal(code, 1006)
  assert.equal(agent.sessions.count, 1)
})

test('/healthz is 200, any other path 404, also as WebSocket', async (t) => {
  const agent = await startAgent(t)
  assert.equal((await fetch(`http://127.0.0.1:${agent.port}/healthz`)).status, 200)
  const websocket = agent.open('/shellx')
  const [error] = (await once(websocket, 'error')) as [Error]
  assert.match(error.message, /404/)
})

test('a shell that lets go of its terminal and lives on ends nobody else', async (t) => {
  const agent = await startAgent(t)
  const other = await agent.connect()
  await other.id()
  const shell = await agent.connect()
  await shell.id()
  shell.type('exec sleep 60 </dev/null >/dev/null 2>&1\n')
  // until the terminal is gone nothing of this is special
  for (let i = 0; i < 100; i += 1) {
    shell.websocket.send(JSON.stringify({ type: 'resize', cols: 100 + i, rows: 40 }))
    shell.type('text that nobody reads\n')
    await sleep(5)
  }
  other.type('echo still-$((40+2))\n')
  await other.seen(/still-42\r\n/)
})
