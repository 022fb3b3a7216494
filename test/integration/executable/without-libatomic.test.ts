import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { dynamicOf, programHeaders } from '../../../manifests/executable/elf.ts'
import { pinnedNode } from '../../../manifests/executable/pinned-node.ts'
import { type Platform, platforms } from '../../../manifests/executable/platforms.ts'
import { withoutLibatomic } from '../../../manifests/executable/without-libatomic.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { debian } from '../../lab/minimal-root.ts'
import { minimalSystem } from './minimal-system.ts'

const needs = (bytes: Buffer) => dynamicOf({ bytes, headers: programHeaders(bytes) }).needed.map(({ name }) => name)

/** Threads that make functions: V8 keeps those of all threads in one table, and takes free places of it by this exchange. */
const crowd = `
const { Worker, isMainThread } = require('node:worker_threads')
if (isMainThread) for (let i = 0; i < 4; i++) new Worker(__filename).on('exit', (code) => { process.exitCode ||= code })
else {
  let kept = []
  for (let i = 0; i < 10000; i++) {
    const f = new Function('a', 'return a + ' + i)
    if (f(1) !== i + 1) process.exit(3)
    kept.push(f)
    if (kept.length > 5000) kept = []
  }
}`

for (const platform of Object.keys(platforms) as Platform[]) {
  test(`Node for ${platform} without libatomic needs the same as before, and works with many threads`, {
    timeout: 400_000,
  }, async (t) => {
    const node = await readFile((await pinnedNode(platform, await temporaryDirectory(t))).executable)
    const changed = withoutLibatomic(node)
    assert.deepEqual(
      needs(changed),
      needs(node).filter((name) => name !== 'libatomic.so.1'),
    )
    assert.deepEqual(withoutLibatomic(changed), changed, 'what does not need it stays as it is')
    const system = await minimalSystem(t, debian[12], platform)
    if (!system) return
    await writeFile(join(system.root, 'node'), changed, { mode: 0o755 })
    await writeFile(join(system.root, 'crowd.cjs'), crowd)
    await system.run('/node', ['/crowd.cjs'], { LD_BIND_NOW: '1' })
  })

  test(`Node for ${platform} asks for what docs/install.md says, and more from libatomic is refused`, async (t) => {
    const node = await readFile((await pinnedNode(platform, await temporaryDirectory(t))).executable)
    const names = dynamicOf({ bytes: node, headers: programHeaders(node) }).string(0)
    const asked = node.toString('latin1', names, names + 4 * 1024 * 1024).matchAll(/\0GLIBC_2\.(\d+)/g)
    const newest = Math.max(...Array.from(asked, ([, minor]) => Number(minor)))
    const docs = await readFile(join(import.meta.dirname, '../../../docs/install.md'), 'utf8')
    assert.match(docs, new RegExp(`glibc 2\\.${newest} `))

    const at = node.indexOf('\0__atomic_compare_exchange\0')
    node.write('__atomic_fetch_something_', at + 1)
    assert.throws(() => withoutLibatomic(node), /takes __atomic_fetch_something_ from libatomic/)
  })
}

test('what is not a program, or is for a processor without code at hand, is refused', async () => {
  assert.throws(() => withoutLibatomic(Buffer.from('#!/bin/sh\n'.repeat(20))), /not a program in ELF/)
  const node = await readFile(process.execPath)
  node.writeUInt16LE(243, 18)
  assert.throws(() => withoutLibatomic(node), /no code for the processor/)
})
