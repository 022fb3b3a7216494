import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { type ChildRun, runChild } from '../../../installer/src/child-process.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'

const generous = { args: [], time: 60_000, grace: 60_000, output: 1 << 20 }

/** Runs a shell script, in whose directory `pids` has the processes that must be gone afterwards. */
async function runScript(t: TestContext, script: string, changes: Partial<ChildRun> = {}) {
  const directory = await temporaryDirectory(t)
  const program = join(directory, 'program')
  await writeFile(program, `#!/bin/sh\ncd ${directory}\necho $$ >> pids\n${script}\n`, { mode: 0o755 })
  const end = await runChild(program, { ...generous, ...changes })
  // what was killed is gone in a moment; what was not sleeps on
  for (const pid of (await readFile(join(directory, 'pids'), 'utf8').catch(() => '')).split('\n'))
    for (let looks = 0; isRunning(pid); looks += 1) {
      assert.ok(looks < 1000, `${pid} of ${script}`)
      await setTimeout(10)
    }
  return { ...end, directory }
}

/** One that was killed and waits for its parent to hear of it does not run. */
function isRunning(pid: string): boolean {
  if (pid === '') return false
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

const child = 'sleep 600 & echo $! >> pids'

test('a program that hangs is ended with all that it started', async (t) => {
  const end = await runScript(t, `${child}\nwait`, { time: 300, grace: 200 })
  assert.equal(end.beyond, 'time')
})

test('one that does not listen is killed', async (t) => {
  const end = await runScript(t, `trap '' TERM\n${child}\nwhile :; do wait; done`, { time: 300, grace: 100 })
  assert.deepEqual([end.beyond, end.status], ['time', null])
})

test('one that may end in order does', async (t) => {
  const end = await runScript(t, `trap ': > ended; exit 3' TERM\n${child}\nwait`, { time: 3000 })
  assert.deepEqual([end.beyond, end.status, existsSync(join(end.directory, 'ended'))], ['time', 3, true])
})

test('one that floods its output is killed, and no more than the limit is kept', async (t) => {
  const end = await runScript(t, `${child}\nexec yes`)
  assert.equal(end.beyond, 'output')
  assert.ok(end.stdout.length <= 1 << 20)
})

test('one that floods its errors keeps the last lines, each cut and printable', async (t) => {
  const told: string[] = []
  const script = `yes | head -c 3000000 | tr -d '\\n' >&2\nprintf '\\n\\033[31mlast\\007\\n' >&2`
  const end = await runScript(t, script, { onLine: (line) => told.push(line) })
  assert.deepEqual([end.status, end.beyond, told.length], [0, undefined, 2])
  assert.ok((told[0]?.length ?? 0) <= 2000)
  assert.equal(end.stderr.split('\n').at(-1), 'last')
  assert.ok((await runScript(t, 'seq 100000 >&2')).stderr.length < 1000)
})

test('one that takes too much memory is killed', async () => {
  const program = process.execPath
  const args = ['-e', 'const all = []; for (;;) all.push(Buffer.alloc(1 << 20, 1))']
  const end = await runChild(program, { ...generous, args, memory: 200 << 20 })
  assert.deepEqual([end.beyond, end.status], ['memory', null])
})

test('what it leaves behind when it ends by itself is killed, and keeps nobody waiting', async (t) => {
  const end = await runScript(t, `${child}\necho done`)
  assert.deepEqual([end.status, end.stdout.toString(), end.beyond], [0, 'done\n', undefined])
})

test('one that does not read its input, and one that reads all of it, are heard', async (t) => {
  const stdin = 'x'.repeat(1 << 20)
  assert.equal((await runScript(t, 'exit 2', { stdin })).status, 2)
  assert.equal((await runScript(t, 'wc -c', { stdin })).stdout.toString().trim(), `${1 << 20}`)
})

test('a program that is none is an error of spawn', async () => {
  await assert.rejects(runChild('/nowhere/program', generous), { code: 'ENOENT' })
})

test('a signal that came before ends it', async (t) => {
  const end = await runScript(t, `${child}\nwait`, { signal: AbortSignal.abort() })
  assert.equal(end.status, null)
})
