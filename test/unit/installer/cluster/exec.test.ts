import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { execInPod } from '../../../../installer/src/cluster/exec.ts'
import type { RunInPod } from './exec-server.ts'
import { fakeKubernetes } from './fake-kubernetes.ts'

const where = { namespace: 'cde', pod: 'cde-postgres-0', container: 'postgres' }

async function site(t: TestContext, execute: RunInPod = ({ command }) => ({ words: command })) {
  const fake = await fakeKubernetes(t)
  fake.execute = execute
  return fake
}

/** A cluster and what was sent to the program's output. */
async function connected(t: TestContext, execute?: RunInPod, signal?: AbortSignal) {
  const cluster = (await site(t, execute)).connect(signal)
  const out: Buffer[] = []
  const onStdout = (chunk: Uint8Array) => void out.push(Buffer.from(chunk))
  const run = (command: string[], more: Partial<Parameters<typeof execInPod>[1]> = {}) =>
    execInPod(cluster, { ...where, command, onStdout, ...more })
  return { cluster, run, text: () => Buffer.concat(out).toString() }
}

async function* bytes(...texts: string[]) {
  for (const text of texts) yield Buffer.from(text)
}

test('a program gets its input to the end, and gives its output, its errors and its exit code', async (t) => {
  const { run, text } = await connected(t)
  const command = ['sh', '-c', 'cat; echo oh >&2; exit 3']
  assert.deepEqual(await run(command, { stdin: bytes('one ', '', 'two') }), { exitCode: 3, stderr: 'oh\n' })
  assert.equal(text(), 'one two')
  assert.deepEqual(await run(['true']), { exitCode: 0, stderr: '' })
})

test('words of a command arrive as they are', async (t) => {
  const { run, text } = await connected(t)
  await run(['printf', '%s|', 'a b', '&c=d', 'ü%20'])
  assert.equal(text(), 'a b|&c=d|ü%20|')
})

test('many megabytes pass both ways, unchanged and in order', async (t) => {
  const { cluster } = await connected(t)
  const piece = Buffer.from(Array.from({ length: 100_000 }, (_, i) => i % 251))
  const count = 100
  async function* stdin() {
    for (let i = 0; i < count; i++) yield piece
  }
  let at = 0
  let wrong = 0
  const onStdout = async (chunk: Uint8Array) => {
    for (const byte of chunk) if (byte !== (at++ % piece.length) % 251) wrong++
    if (at % 7 === 0) await setTimeout(1)
  }
  assert.equal((await execInPod(cluster, { ...where, command: ['cat'], stdin: stdin(), onStdout })).exitCode, 0)
  assert.deepEqual({ at, wrong }, { at: count * piece.length, wrong: 0 })
})

test('a slow reader holds the program up, and a slow program its input: nothing piles up in memory', async (t) => {
  const { cluster } = await connected(t)
  let released = () => {}
  const gate = new Promise<void>((resolve) => {
    released = resolve
  })
  let given = 0
  async function* stdin() {
    for (; given < 4000; given++) yield Buffer.alloc(16 * 1024)
  }
  const running = execInPod(cluster, { ...where, command: ['cat'], stdin: stdin(), onStdout: () => gate })
  // what the sockets, pipes and queues between hold, then no more
  let before = -1
  while (before !== given) {
    before = given
    await setTimeout(300)
  }
  assert.ok(given < 3000, `${given} pieces were taken`)
  released()
  assert.equal((await running).exitCode, 0)
  assert.equal(given, 4000)
})

test('a program that ends before its input does is no failure of the connection', async (t) => {
  const { run } = await connected(t)
  async function* endless() {
    for (;;) yield Buffer.alloc(32 * 1024)
  }
  const { exitCode } = await run(['sh', '-c', 'head --bytes=10 >/dev/null; exit 5'], { stdin: endless() })
  assert.equal(exitCode, 5)
})

test('an input that fails ends the command with what it threw, and the program sees no good end', async (t) => {
  const { run } = await connected(t)
  async function* broken() {
    yield Buffer.from('half')
    throw new Error('the file was cut')
  }
  await assert.rejects(run(['sh', '-c', 'cat; exec sleep 60'], { stdin: broken() }), /the file was cut/)
})

test('an output that can not be taken ends the command with what was thrown', async (t) => {
  const { run } = await connected(t)
  const onStdout = () => Promise.reject(new Error('no space'))
  await assert.rejects(run(['sh', '-c', 'echo; exec sleep 60'], { onStdout }), /no space/)
})

test('an abort ends a command with its reason', async (t) => {
  const abort = new AbortController()
  const { run } = await connected(t)
  const onStdout = () => abort.abort(new Error('enough'))
  await assert.rejects(run(['sh', '-c', 'echo; exec sleep 60'], { onStdout, signal: abort.signal }), /enough/)
})

const never: [string, RunInPod, RegExp][] = [
  ['is cut', () => (socket) => socket.terminate(), /ended before the program did/],
  ['ends in order, but without a status', () => (socket) => socket.close(1000), /ended before the program did/],
  ['breaks the protocol', () => (socket) => socket.send(Buffer.alloc(5 << 20)), /payload/i],
  ['says nonsense of the end', () => (socket) => socket.send(Buffer.from('\x03nonsense')), /cannot be read/],
  ['could not start the program', () => ({ words: ['/no/such/program'] }), /ENOENT/],
]
for (const [what, execute, why] of never)
  test(`the end of a program is not known where a connection ${what}`, async (t) => {
    const { run } = await connected(t, execute)
    await assert.rejects(run(['pg_dump']), (error: { code: string; why: string }) => {
      assert.equal(error.code, 'CLUSTER_EXEC')
      assert.match(error.why, why)
      return true
    })
  })

test('a pod that is not there, and a right that is missing, are said as of any request', async (t) => {
  const { run } = await connected(t, () => undefined)
  await assert.rejects(run(['true']), { code: 'CLUSTER_REQUEST', why: /answered 404: pods "cde-postgres-0" not found/ })
})
