import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'

/** Starts uncaught-child.ts; `lines` grows by what it logs. */
async function startServer(t: TestContext, ...args: string[]) {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'uncaught-child.ts'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => child.kill('SIGKILL'))
  const lines: { level: number; door?: string; peer?: string; err?: { message: string } }[] = []
  const output = createInterface({ input: child.stdout })
  const [first] = await once(output, 'line')
  output.on('line', (line) => lines.push(JSON.parse(line)))
  const ended = once(child, 'exit')
  const { port } = JSON.parse(first)
  const agents: Agent[] = []
  t.after(() => agents.forEach((agent) => void agent.destroy()))
  /** A client with one connection; resolves with what it was answered, or `cut`. */
  const client = () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    agents.push(agent)
    return (path: string) =>
      new Promise<string>((resolve) => {
        const outgoing = request({ host: '127.0.0.1', port, path, agent, method: 'POST' }, async (answer) => {
          resolve(String(Buffer.concat(await answer.toArray())))
        })
        outgoing.on('error', () => resolve('cut')).end('body')
      })
  }
  return { lines, ended, client }
}

test('an error that nobody caught is logged with its door and ends one connection', async (t) => {
  const { lines, client } = await startServer(t)
  const other = client()
  assert.equal(await other('/'), 'well')
  for (const path of ['/listener', '/timer', '/promise', '/tick', '/body', '/close', '/onward']) {
    const count = lines.length
    assert.equal(await client()(path), 'cut', path)
    assert.equal(await other('/'), 'well', path)
    while (lines.length === count) await new Promise((resolve) => setTimeout(resolve, 5))
    const { level, door, peer, err } = lines[count] ?? { level: 0 }
    assert.deepEqual([level, door, peer], [50, 'http', '127.0.0.1'], path)
    assert.match(err?.message ?? '', /^in a (listener|promise)$/, path)
  }
})

test('an error that came through no door ends the process once it is logged', async (t) => {
  const { lines, ended, client } = await startServer(t)
  assert.equal(await client()('/outside'), 'cut')
  assert.deepEqual(await ended, [1, null])
  assert.deepEqual([lines[0]?.level, lines[0]?.door, lines[0]?.err?.message], [60, undefined, 'outside'])
})

test('where connections hold what others wait for, the process ends, and the log has the door', async (t) => {
  const { lines, ended, client } = await startServer(t, 'together')
  assert.equal(await client()('/timer'), 'cut')
  assert.deepEqual(await ended, [1, null])
  assert.deepEqual([lines[0]?.level, lines[0]?.door], [60, 'http'])
})
