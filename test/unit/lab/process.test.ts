import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { test } from 'node:test'
import { isRunning, startOf, stopProcesses } from '../../lab/process.ts'

function sleeper(t: { after: (work: () => void) => void }, ignoresTerm = false) {
  const script = `${ignoresTerm ? "process.on('SIGTERM', () => {});" : ''}console.log(1); setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'ignore'] })
  t.after(() => child.kill('SIGKILL'))
  const pid = child.pid ?? 0
  return new Promise<{ name: string; pid: number; started: string }>((resolve) =>
    child.stdout.once('data', () => resolve({ name: 'sleeper', pid, started: startOf(pid) ?? '' })),
  )
}

test('a recorded process is stopped', async (t) => {
  const record = await sleeper(t)
  assert.ok(isRunning(record))
  assert.deepEqual(await stopProcesses([record], 3000), [])
  assert.ok(!isRunning(record))
})

test('one that ignores SIGTERM is killed', async (t) => {
  const record = await sleeper(t, true)
  assert.deepEqual(await stopProcesses([record], 200), [])
  assert.ok(!isRunning(record))
})

test('a process with a recycled pid is left alone', async (t) => {
  const record = await sleeper(t)
  const old = { ...record, started: record.started.replace(/\d+$/, '1') }
  assert.ok(!isRunning(old))
  assert.deepEqual(await stopProcesses([old], 200), [])
  assert.ok(isRunning(record))
})
