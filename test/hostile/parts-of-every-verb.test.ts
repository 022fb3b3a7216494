import assert from 'node:assert/strict'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { test } from 'node:test'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { splitBundle } from '../../installer/src/stores/bundle/split.ts'
import { type Site, site, verbs } from './bundle-verbs.ts'
import { seeded } from './random.ts'

type Parts = [string, string, string, ...string[]]

/** What is wrong with the parts of a bundle, and which of them must be named. */
const faults: [string, string, (parts: Parts, site: Site) => Promise<unknown>, number[]][] = [
  ['a part that is missing', 'BUNDLE_PART_MISSING', (parts) => rm(parts[1]), [1]],
  ['a part that is empty', 'BUNDLE_PART_SIZE', (parts) => writeFile(parts[2], ''), [2]],
  ['a web page for a part', 'BUNDLE_PART_SIZE', (parts) => writeFile(parts[0], '<html>'), [0]],
  [
    'two parts that were swapped',
    'BUNDLE_PART_CONTENT',
    async (parts) => {
      await rename(parts[0], `${parts[0]}.aside`)
      await rename(parts[1], parts[0])
      await rename(`${parts[0]}.aside`, parts[1])
    },
    [0, 1],
  ],
  [
    'random bytes for the second part',
    'BUNDLE_PART_CONTENT',
    async (parts) => writeFile(parts[1], seeded(3).bytes((await readFile(parts[1])).length)),
    [1],
  ],
  [
    'zeros for the first part',
    'BUNDLE_PART_CONTENT',
    async (parts) => writeFile(parts[0], Buffer.alloc((await readFile(parts[0])).length)),
    [0],
  ],
]

for (const [what, code, spoil, named] of faults)
  test(`${what}: named by every command that takes a bundle`, { timeout: 60_000 }, async (t) => {
    const one = await site(t)
    const { path, trust, options } = one
    const made = await splitBundle({ path, trust, signingKey: options.signingKey, partSize: 4096, move: true })
    const parts = made.parts.map((part) => part.path) as Parts
    await spoil(parts, one)
    for (const [name, verb] of Object.entries(verbs)) {
      const failure = await verb.run(one).catch((error: unknown) => error)
      assert.ok(failure instanceof SealiftError, `${name}: ${failure}`)
      assert.equal(failure.code, code, `${name}: ${failure.message}`)
      for (const i of named) assert.match(`${failure.fix}`, new RegExp(basename(parts[i] as string)), name)
      assert.equal(failure.fix?.match(/\.[0-9]{3}/g)?.length, named.length, `${name}: ${failure.fix}`)
    }
  })

test('a part that is damaged in a file of the release is named by who takes it out', async (t) => {
  const one = await site(t)
  const { path, trust, options } = one
  const made = await splitBundle({ path, trust, signingKey: options.signingKey, partSize: 4096, move: true })
  let damaged = ''
  for (const part of made.parts) {
    const bytes = await readFile(part.path)
    const at = bytes.indexOf('a tool\n')
    if (at < 0) continue
    bytes[at] = (bytes[at] as number) ^ 1
    await writeFile(part.path, bytes)
    damaged = basename(part.path)
  }
  const failure = await verbs['bundle extract']?.run(one).catch((error: unknown) => error)
  assert.ok(failure instanceof SealiftError)
  assert.equal(failure.code, 'BUNDLE_PART_CONTENT')
  assert.match(`${failure.fix}`, new RegExp(`^carry ${damaged} over again`))
})
