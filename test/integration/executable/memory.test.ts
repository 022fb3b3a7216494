import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { makeExecutable } from '../../../manifests/executable/make.ts'
import { pinnedNode } from '../../../manifests/executable/pinned-node.ts'
import { ownPlatform } from '../../../manifests/executable/platforms.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'

/** Makes objects that live for a while, as answers of an API do, and prints how large the young generation got, in bytes. */
const program = `
const { getHeapSpaceStatistics } = require('node:v8')
const kept = []
let most = 0
for (let i = 0; i < 3_000_000; i++) {
  kept[i % 400_000] = { name: 'object ' + i, labels: [i] }
  if (i % 10_000 > 0) continue
  const space = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')
  most = Math.max(most, space.space_size)
}
console.log(most)
`

test('the young generation of the executable is small: an installation shares its machine', async (t) => {
  const directory = await temporaryDirectory(t)
  const main = join(directory, 'main.js')
  await writeFile(main, program)
  const executable = join(directory, 'program')
  await makeExecutable({ main, assets: {} }, await pinnedNode(ownPlatform(), directory), executable)
  const { stdout } = await promisify(execFile)(executable, [], { cwd: '/', env: {} })
  assert.ok(Number(stdout) < 25e6, `${stdout} bytes`)
})
