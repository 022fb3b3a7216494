import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { buildBundle } from '../../../installer/src/build/build.ts'
import { openBundle } from '../../../installer/src/stores/bundle/open.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { smallRelease } from '../../fixtures/release.ts'
import { startRegistry } from '../../lab/registry.ts'

const cli = new URL('../../../installer/src/cli/sealift.mjs', import.meta.url).pathname

/** Distribution 2.8 with a seeded release of which one blob is large, and the command that seeds it again. */
async function site(t: TestContext) {
  const directory = await temporaryDirectory(t)
  const { options, trust } = await smallRelease(directory)
  await writeFile(join(directory, 'tool'), randomBytes(3_000_000))
  await buildBundle(options)
  const registry = await startRegistry({ directory: join(directory, 'registry'), tls: true })
  t.after(() => registry.stop())
  const files = { trust: join(directory, 'vendor.pub'), license: join(directory, 'license') }
  await writeFile(files.trust, trust[0] ?? '')
  await writeFile(files.license, options.license ?? '')
  await mkdir(join(directory, 'state'))
  const words = [
    'seed',
    options.out,
    '--to',
    registry.host,
    '--trust',
    files.trust,
    '--license',
    files.license,
    '--json',
  ]
  const where = ['--registry-ca', registry.caFile ?? '', '--state-dir', join(directory, 'state')]
  const seed = async (...more: string[]) => {
    const child = spawn(process.execPath, [cli, ...words, ...where, ...more], { stdio: ['ignore', 'pipe', 'inherit'] })
    let out = ''
    child.stdout.on('data', (chunk) => {
      out += chunk
    })
    const [code] = await once(child, 'close')
    return { code, said: JSON.parse(out) }
  }
  const first = await seed()
  assert.equal(first.code, 0, JSON.stringify(first.said))
  const bundle = await openBundle(options.out, trust)
  const hex = bundle.entries.reduce((most, entry) => (entry.size > most.size ? entry : most)).name.slice(-64)
  await bundle.close()
  const blob = join(directory, 'registry/storage/docker/registry/v2/blobs/sha256', hex.slice(0, 2), hex, 'data')
  const damage = async (at: number) => {
    const bytes = await readFile(blob)
    bytes[at] = (bytes[at] as number) ^ 1
    await writeFile(blob, bytes)
  }
  return { seed, first: first.said, blob, damage, digest: `sha256:${hex}` }
}

test('content that has changed in the storage of a registry is named: at its ends by each seed, elsewhere with --prove', async (t) => {
  const { seed, first, damage, digest, blob } = await site(t)
  const parts = first.outcomes.sent + first.outcomes.mounted
  assert.equal(first.readBack.whole.parts + first.readBack.sampled.parts, parts)
  const proven = await seed('--prove')
  assert.equal(proven.code, 0)
  assert.equal(proven.said.sent, 0)
  const { send, mount } = first.plan
  assert.deepEqual(proven.said.readBack, {
    whole: { parts, bytes: send.bytes + mount.bytes },
    sampled: { parts: 0, bytes: 0, read: 0 },
  })
  await damage(1_500_000)
  const sampled = await seed()
  assert.equal(sampled.code, 0)
  assert.deepEqual(sampled.said.readBack, first.readBack)
  const hashed = await seed('--prove')
  assert.equal(hashed.code, 5)
  assert.equal(hashed.said.error.code, 'REGISTRY_CONTENT')
  assert.ok(hashed.said.error.why.includes(digest))
  await damage(1_500_000)
  await damage(0)
  const ends = await seed()
  assert.equal(ends.code, 5)
  assert.equal(ends.said.error.code, 'REGISTRY_CONTENT')
  assert.ok(ends.said.error.why.includes(digest))
  // what the fix says: it is removed there, and sent again
  await rm(blob)
  const again = await seed('--prove')
  assert.equal(again.code, 0, JSON.stringify(again.said))
  assert.equal(again.said.outcomes.sent, 1)
})

test('what can be proven only after it was sent is not asked of a dry run', async (t) => {
  const { seed } = await site(t)
  const { code, said } = await seed('--dry-run', '--prove')
  assert.equal(code, 2)
  assert.equal(said.error.code, 'USAGE_ARGUMENTS')
})
