import assert from 'node:assert/strict'
import { link, mkdir, open, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { diskUse, watchDisk } from '../../bench/disk.ts'
import { measure, parseTime, start } from '../../bench/measure.ts'
import { phasesOf } from '../../bench/phases.ts'
import { cpuSecondsOf, parseCpu, parsePeak, peakMemoryOf } from '../../bench/process-usage.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { run } from '../../lab/command.ts'
import { isRunning, startOf } from '../../lab/process.ts'

const megabyte = 1_000_000
const skip = (await run('time', ['--version']).then(
  () => false,
  () => 'the program time is not installed',
)) as false | string

test('what time(1) writes is read: CPU of user and system, memory in bytes', () => {
  assert.deepEqual(parseTime('1.25 0.50 2048\n'), { cpuSeconds: 1.75, peakMemory: 2_097_152 })
  assert.deepEqual(parseTime('Command exited with non-zero status 3\n0.00 0.01 10\n').peakMemory, 10_240)
  assert.throws(() => parseTime(''))
})

test('the usage of a job holds the CPU time of processes that its processes started, and their memory', {
  skip,
}, async (t) => {
  const directory = await temporaryDirectory(t)
  const inner = `const b = Buffer.alloc(150e6, 1); const end = process.cpuUsage().user + 4e5; while (process.cpuUsage().user < end);`
  const script = `bash -c "'${process.execPath}' -e '${inner}'; true"`
  const usage = await measure({ script, directory, environment: {} })
  assert.ok(usage.cpuSeconds >= 0.4, `${usage.cpuSeconds} CPU s`)
  assert.ok(usage.seconds >= 0.4, `${usage.seconds} s`)
  assert.ok(usage.peakMemory > 150 * megabyte, `${usage.peakMemory} bytes`)
})

test('a job that fails says how it failed', { skip }, async (t) => {
  const directory = await temporaryDirectory(t)
  await assert.rejects(measure({ script: 'echo not so >&2; exit 7', directory, environment: {} }), /exit 7: not so/)
  await assert.rejects(measure({ script: 'false | true', directory, environment: {} }), /exit 1/)
})

test('a job has a home and a scratch directory of its own', { skip }, async (t) => {
  const directory = await temporaryDirectory(t)
  const script = `[ "$HOME" = '${directory}/home' ] && [ "$TMPDIR" = '${directory}/tmp' ] && [ -d "$TMPDIR" ] && [ "$OUT" = here ]`
  await measure({ script, directory, environment: { OUT: 'here' } })
})

test('a job that is killed leaves no process behind', { skip }, async (t) => {
  const directory = await temporaryDirectory(t)
  let pid = 0
  const seen = Promise.withResolvers<void>()
  const job = await start({
    script: 'sleep 60 & echo $! >&2; wait',
    directory,
    environment: {},
    onLine: (line) => {
      pid = Number(line)
      seen.resolve()
    },
  })
  await seen.promise
  const record = { name: 'sleep', pid, started: startOf(pid) ?? 'never' }
  assert.ok(isRunning(record))
  job.kill()
  assert.equal(await job.ended, undefined)
  for (let i = 0; i < 100 && isRunning(record); i++) await new Promise((resolve) => setTimeout(resolve, 20))
  assert.ok(!isRunning(record))
})

test('the CPU time of a process is read although its name holds brackets', () => {
  const stat = '7 (a) 99 (b) S 1 7 7 0 -1 4194560 1 0 0 0 150 50 900 900 20 0 11 0 1 1 1'
  assert.equal(parseCpu(stat), 2)
  assert.ok(Math.abs(cpuSecondsOf(process.pid) - process.cpuUsage().user / 1e6) < 5)
})

test('the peak memory of a process is read in bytes', () => {
  assert.equal(parsePeak('VmPeak:\t 9 kB\nVmHWM:\t    2048 kB\nVmRSS:\t 1 kB\n'), 2_097_152)
  assert.ok(peakMemoryOf(process.pid) > 10 * megabyte)
})

test('disk use counts what lies on the disk: no holes, and a hard link once', async (t) => {
  const directory = await temporaryDirectory(t)
  await mkdir(join(directory, 'below'))
  await writeFile(join(directory, 'below', 'file'), Buffer.alloc(megabyte, 1))
  await link(join(directory, 'below', 'file'), join(directory, 'link'))
  const file = await open(join(directory, 'hole'), 'w')
  await file.truncate(100 * megabyte)
  await file.close()
  const use = await diskUse(directory)
  assert.ok(use >= megabyte && use < 1.1 * megabyte, `${use} bytes`)
  assert.equal(await diskUse(join(directory, 'none')), 0)
})

test('the peak of directories counts files that are gone at the end, and not those that were there before', async (t) => {
  const directory = await temporaryDirectory(t)
  await writeFile(join(directory, 'old'), Buffer.alloc(5 * megabyte, 1))
  const other = await temporaryDirectory(t)
  const peak = watchDisk(directory, other)
  await new Promise((resolve) => setTimeout(resolve, 100))
  await writeFile(join(directory, 'scratch'), Buffer.alloc(2 * megabyte, 1))
  await writeFile(join(other, 'output'), Buffer.alloc(megabyte, 1))
  await new Promise((resolve) => setTimeout(resolve, 300))
  await rm(join(directory, 'scratch'))
  await new Promise((resolve) => setTimeout(resolve, 300))
  const most = await peak()
  assert.ok(most >= 3 * megabyte && most < 3.2 * megabyte, `${most} bytes`)
})

test('announced steps become durations, and lines of progress belong to their step', () => {
  const lines = [
    { line: 'Resolving', ms: 100 },
    { line: 'Sealing', ms: 150 },
    { line: 'Sealing  5 MB of 9 MB', ms: 400 },
  ]
  assert.deepEqual(phasesOf(lines, 650), [
    { step: 'start', ms: 100 },
    { step: 'Resolving', ms: 50 },
    { step: 'Sealing', ms: 500 },
  ])
  assert.deepEqual(phasesOf([], 10), [])
})
