import assert from 'node:assert/strict'
import { join, relative } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { buildPages } from '@sealift/web/build.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const source = join(root, 'services/dashboard/web/')

test('pages are made of their own room, the shared one and packages; the shared one looks at no other', async () => {
  const { metafile, workingDirectory } = await buildPages({ source, title: 'CDE' })
  const room = (path: string): string => {
    const [first = '', ...rest] = relative(root, join(workingDirectory, path)).split('/')
    return [first, ...rest].includes('node_modules') ? 'node_modules' : first
  }
  let seen = 0
  for (const [path, { imports }] of Object.entries(metafile.inputs)) {
    assert.ok(['services', 'web', 'node_modules'].includes(room(path)), path)
    if (room(path) !== 'web') continue
    seen++
    for (const { path: imported } of imports)
      assert.ok(['web', 'node_modules', 'bundle-spec'].includes(room(imported)), `${path} imports ${imported}`)
  }
  assert.ok(seen > 10, `${seen} files of the shared room`)
})
