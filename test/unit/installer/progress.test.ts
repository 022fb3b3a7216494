import assert from 'node:assert/strict'
import { test } from 'node:test'
import { progressOn } from '../../../installer/src/cli/progress.ts'
import { registryFrom, registryOptions } from '../../../installer/src/cli/registry.ts'
import { publishWaiting } from '../../../installer/src/stores/registry/waiting.ts'

function stream(isTTY: boolean) {
  const written: string[] = []
  return { isTTY, columns: 60, written, write: (text: string) => written.push(text) }
}

const wait = { host: 'r.example', text: 'r.example asks to wait 1 min 0 s (Retry-After), attempt 2 of 5' }

test('a log says which host lets the work wait, once in a while for each', () => {
  const log = stream(false)
  progressOn(log, false).step('Fetching')
  for (let i = 0; i < 10; i++) publishWaiting(wait)
  publishWaiting({ host: 'other.example', text: 'waiting for other.example: 5.0 s' })
  assert.deepEqual(log.written, [
    'Fetching\n',
    'Fetching  r.example asks to wait 1 min 0 s (Retry-After), attempt 2 of 5\n',
    'Fetching  waiting for other.example: 5.0 s\n',
  ])
})

test('a terminal says it in the line that moves, cut to its width, and without what it would act on', () => {
  const terminal = stream(true)
  const progress = progressOn(terminal, false)
  progress.step('Fetching')
  publishWaiting({ host: 'r.example', text: `waiting for r.example: \x1b[31m5.0 s ${'x'.repeat(100)}` })
  const [, line = ''] = terminal.written
  assert.match(line, /^\r\x1b\[2KFetching {2}waiting for r\.example: \\u\{1b\}\[31m5\.0 s x+$/)
  assert.equal(line.length - '\r\x1b[2K'.length, 59)
  progress.end()
  assert.equal(terminal.written.at(-1), '\n')
})

test('the newest line tells, and a quiet one says nothing', () => {
  const [first, second] = [stream(false), stream(false)]
  progressOn(first, false)
  progressOn(second, false)
  const quiet = stream(false)
  progressOn(quiet, true)
  publishWaiting(wait)
  assert.deepEqual([first.written.length, second.written.length, quiet.written.length], [0, 1, 0])
})

test('the patience is a time as people write it, and reaches the registries', async () => {
  assert.equal((await registryOptions({ patience: '30m' }, [])).patience, 1_800_000)
  assert.equal('patience' in (await registryOptions({}, [])), false)
  for (const patience of ['', '0s', '-5m', 'soon', '5', '1e3s'])
    await assert.rejects(registryFrom({ patience }, []), { code: 'USAGE_DURATION', message: /--patience/ })
})
