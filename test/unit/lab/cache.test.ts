import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { cached, hashInputs } from '../../lab/cache.ts'

let directory = ''
const before = process.env.SEALIFT_CACHE
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lab-cache-'))
  process.env.SEALIFT_CACHE = directory
})
afterEach(() => {
  rmSync(directory, { recursive: true, force: true })
  if (before === undefined) delete process.env.SEALIFT_CACHE
  else process.env.SEALIFT_CACHE = before
})

test('of several makers one makes it and all get it', async () => {
  let made = 0
  const make = async (target: string) => {
    made++
    writeFileSync(join(target, 'tool'), 'whole')
  }
  const paths = await Promise.all([1, 2, 3].map(() => cached('tool-1', 5000, make)))
  assert.equal(made, 1)
  for (const path of paths) assert.equal(readFileSync(join(path, 'tool'), 'utf8'), 'whole')
})

test('a maker that fails leaves nothing', async () => {
  const failing = cached('tool-2', 5000, async (target) => {
    writeFileSync(join(target, 'tool'), 'ha')
    throw new Error('no compiler')
  })
  await assert.rejects(failing, /no compiler/)
  assert.deepEqual(readdirSync(join(directory, 'bin')), [])
  assert.ok(!existsSync(join(directory, 'bin', 'tool-2')))
})

test('inputs that only differ in where one ends have different hashes', () => {
  assert.notEqual(hashInputs(['ab', 'c']), hashInputs(['a', 'bc']))
})
