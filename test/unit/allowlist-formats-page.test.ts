import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { formats } from '../../installer/src/allowlist/formats/formats.ts'

test('docs/allowlist-formats.md has a row and a section for each format, in their order, and no other', async () => {
  const text = await readFile(join(import.meta.dirname, '../../docs/allowlist-formats.md'), 'utf8')
  const [, rows = ''] = text.split('| format | for |')
  const sections = [...text.matchAll(/^## (.*)$/gm)].flatMap(([, ids = '']) => ids.split(', '))
  const ids = formats.map(({ id }) => id)
  assert.deepEqual(
    [...rows.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, id]) => id),
    ids,
  )
  assert.deepEqual(sections, ids)
})
