import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { checks } from '../../installer/src/checks/list.ts'

test('docs/checks.md has each check as it is, in the order of a report, and no other', async () => {
  const text = await readFile(join(import.meta.dirname, '../../docs/checks.md'), 'utf8')
  const [table = ''] = text.split('\n## ')
  const rows = [...table.matchAll(/^\| `([a-z0-9-]+)` \| (.*) \|$/gm)].map(([, id = '', rest = '']) => [
    id,
    ...rest.split(' | '),
  ])
  assert.deepEqual(
    rows.map((cells) => cells.slice(0, 4)),
    checks.map(({ id, title, protects, level, strict }) => [id, title, protects, strict ? `${level}, strict` : level]),
  )
  for (const [id, , , , needed, fix] of rows) assert.ok(needed && fix, `${id}: what is needed, and what helps`)
})
