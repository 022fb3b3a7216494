import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { pinnedNode } from '../../../manifests/executable/pinned-node.ts'
import { nodeVersion, ownPlatform } from '../../../manifests/executable/platforms.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'

test('the executable has the Node that runs the tests', () => {
  assert.equal(`v${nodeVersion}`, process.version, 'manifests/executable/platforms.ts names another one')
})

test('a Node that is not the pinned one is refused', async (t) => {
  const cache = await temporaryDirectory(t)
  await mkdir(join(cache, 'node'))
  await writeFile(join(cache, 'node', `node-${ownPlatform()}-${nodeVersion}.tgz`), 'something else')
  const before = process.env.SEALIFT_CACHE
  t.after(() => {
    if (before === undefined) delete process.env.SEALIFT_CACHE
    else process.env.SEALIFT_CACHE = before
  })
  process.env.SEALIFT_CACHE = cache
  await assert.rejects(pinnedNode(ownPlatform(), cache), { code: 'BUILD_NODE' })
})
