import assert from 'node:assert/strict'
import { closeSync, openSync, writeSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { boundedLog } from '../../../../installer/src/serve/background/log.ts'
import { temporaryDirectory } from '../../../fixtures/directory.ts'

test('a log that has grown begins anew, the one before stays beside it, and a disk that is full ends nothing', async (t) => {
  const file = join(await temporaryDirectory(t), 'serve.log')
  const handle = openSync(file, 'a', 0o600)
  writeSync(handle, 'of an earlier process\n')
  const log = boundedLog(handle, file, 40)
  log.write('one\n')
  assert.equal(await readFile(file, 'utf8'), 'of an earlier process\none\n')
  log.write('a line too many\n')
  log.write('two\n')
  assert.equal(await readFile(file, 'utf8'), 'two\n')
  assert.equal(await readFile(`${file}.1`, 'utf8'), 'of an earlier process\none\na line too many\n')
  closeSync(handle)
  const full = openSync('/dev/full', 'a')
  t.after(() => closeSync(full))
  boundedLog(full, '/dev/full').write('lost\n')
})
