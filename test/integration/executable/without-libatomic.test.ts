import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { dynamicOf, programHeaders } from '../../../manifests/executable/elf.ts'
import { withoutLibatomic } from '../../../manifests/executable/without-libatomic.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { run } from '../../lab/command.ts'

/** code is put in for this processor only */
const skip = process.arch === 'x64' ? false : 'made for x86-64'

const needs = (bytes: Buffer) => dynamicOf({ bytes, headers: programHeaders(bytes) }).needed.map(({ name }) => name)

/** Threads that make functions: V8 keeps those of all threads in one table, and takes free places of it by this exchange. */
const crowd = `
const { Worker, isMainThread } = require('node:worker_threads')
if (isMainThread) for (let i = 0; i < 4; i++) new Worker(__filename).on('exit', (code) => { process.exitCode ||= code })
else {
  let kept = []
  for (let i = 0; i < 20000; i++) {
    const f = new Function('a', 'return a + ' + i)
    if (f(1) !== i + 1) process.exit(3)
    kept.push(f)
    if (kept.length > 5000) kept = []
  }
}`

test('Node without libatomic needs the same as before, and works with many threads', {
  timeout: 120_000,
}, async (t) => {
  const node = await readFile(process.execPath)
  const changed = withoutLibatomic(node)
  assert.deepEqual(
    needs(changed),
    needs(node).filter((name) => name !== 'libatomic.so.1'),
  )
  assert.deepEqual(withoutLibatomic(changed), changed, 'what does not need it stays as it is')
  const at = (name: string) => join(directory, name)
  const directory = await temporaryDirectory(t)
  await writeFile(at('node'), changed, { mode: 0o755 })
  await writeFile(at('crowd.cjs'), crowd)
  await run(at('node'), [at('crowd.cjs')], { environment: { LD_BIND_NOW: '1' }, timeout: 100_000 })
})

test('Node asks for no newer glibc than docs/install.md says', async () => {
  const bytes = await readFile(process.execPath)
  const names = dynamicOf({ bytes, headers: programHeaders(bytes) }).string(0)
  const asked = bytes.toString('latin1', names, names + 4 * 1024 * 1024).matchAll(/\0GLIBC_2\.(\d+)/g)
  const newest = Math.max(...Array.from(asked, ([, minor]) => Number(minor)))
  assert.match(
    await readFile(join(import.meta.dirname, '../../../docs/install.md'), 'utf8'),
    new RegExp(`glibc 2\\.${newest} `),
  )
})

test('what is not a program, and a program that takes more from libatomic, is refused', { skip }, async () => {
  assert.throws(() => withoutLibatomic(Buffer.from('#!/bin/sh\n'.repeat(20))), /not a program in ELF/)
  const node = await readFile(process.execPath)
  if (!needs(node).includes('libatomic.so.1')) return
  const at = node.indexOf('\0__atomic_compare_exchange\0')
  node.write('__atomic_fetch_something_', at + 1)
  assert.throws(() => withoutLibatomic(node), /takes __atomic_fetch_something_ from libatomic/)
})
