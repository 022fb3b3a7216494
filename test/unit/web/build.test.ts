import assert from 'node:assert/strict'
import { join, relative } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { buildPages } from '@sealift/web/build.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))

for (const { source, own } of [
  { source: 'services/dashboard/web/', own: 'services' },
  { source: 'installer/wizard/', own: 'installer' },
])
  test(`the pages of ${source} are made of their own room, shared ones and packages; web/ looks at no other`, async () => {
    const { metafile, workingDirectory } = await buildPages({ source: join(root, source), title: '' })
    const room = (path: string): string => {
      const [first = '', ...rest] = relative(root, join(workingDirectory, path)).split('/')
      return [first, ...rest].includes('node_modules') ? 'node_modules' : first
    }
    const shared = ['web', 'bundle-spec', 'node_modules']
    let seen = 0
    for (const [path, { imports }] of Object.entries(metafile.inputs)) {
      assert.ok([own, ...shared].includes(room(path)), path)
      if (room(path) !== 'web') continue
      seen++
      for (const { path: imported } of imports)
        assert.ok(shared.includes(room(imported)), `${path} imports ${imported}`)
    }
    assert.ok(seen > 10, `${seen} files of the shared room`)
  })
