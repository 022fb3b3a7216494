import assert from 'node:assert/strict'
import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'

const folder = join(import.meta.dirname, '../../../services')

test('every service has the last line of defence, and its doors', async () => {
  const found: string[] = []
  for await (const file of glob('*/server.ts', { cwd: folder })) {
    const text = await readFile(join(folder, file), 'utf8')
    assert.match(text, /^standLast\(\{ log(: app\.log)?, alone: (true|false) \}\)$/m, file)
    const listening = text.match(/\blisten\(/g) ?? []
    assert.ok(listening.length > 0 && /guardDoors\('/.test(text), file)
    found.push(file.split('/')[0] ?? '')
  }
  assert.deepEqual(found.sort(), ['dashboard', 'envproxy', 'ingress', 'manager', 'workspace'])
})
