import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { checks } from '../../installer/src/checks/list.ts'

test('docs/checks.md has each check as it is, in the order of a report, and no other', async () => {
  const text = await readFile(join(import.meta.dirname, '../../docs/checks.md'), 'utf8')
  const rows = [...text.matchAll(/^\| `([a-z0-9-]+)` \| (.*?) \| (.*?) \| (.*?) \|/gm)].map(([, ...cells]) => cells)
  assert.deepEqual(
    rows,
    checks.map(({ id, title, protects, level, strict }) => [id, title, protects, strict ? `${level}, strict` : level]),
  )
})
