import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { copyFile, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Descriptor } from '@sealift/bundle-spec/descriptor.ts'
import { readGraph } from '@sealift/bundle-spec/graph.ts'
import { openBundle } from '../../installer/src/stores/bundle/open.ts'
import { sbomType } from '../../manifests/sbom/document.ts'
import type { DemoFiles } from '../lab/demo-files.ts'
import { sealDemo } from '../lab/demo-seal.ts'
import { runSealift } from '../lab/demo-sealift.ts'
import { steps } from '../lab/demo-step.ts'

/** What is true of the bundle that the demo sealed and carried over. */
export function testSealedBundle(files: () => DemoFiles): void {
  test('each image of the sealed release has its SBOM with it, which names what its scripts were bundled from', async () => {
    const bundle = await openBundle(files().bundle, [await readFile(files().trust, 'utf8')])
    try {
      const sboms = new Map<string, { name: string; version?: string }[]>()
      for (const { role, name, reference, descriptor } of bundle.artifacts)
        if (role === 'referrer' && descriptor.artifactType === sbomType) {
          const { nodes } = await readGraph(bundle.store, [{ descriptor, source: reference, target: reference }])
          const layer = nodes.find((node) => node.descriptor.mediaType === sbomType)?.descriptor as Descriptor
          const chunks: Buffer[] = []
          for await (const chunk of await bundle.store.open(reference, layer)) chunks.push(Buffer.from(chunk))
          sboms.set(name, JSON.parse(Buffer.concat(chunks).toString()).components)
        }
      const images = bundle.artifacts.filter(({ role }) => role === 'image').map(({ name }) => name)
      assert.deepEqual([...sboms.keys()].sort(), images.sort())
      assert.equal(images.length, 6)
      for (const name of ['fastify', 'pg'])
        assert.match(sboms.get('manager')?.find((one) => one.name === name)?.version ?? '', /^\d+\.\d+\.\d+$/)
      for (const components of sboms.values()) assert.ok(components.some(({ name }) => name === 'libc6'))
    } finally {
      await bundle.close()
    }
  })

  test('the same inputs seal to the same bytes', async () => {
    const sum = async (path: string) => {
      const hash = createHash('sha256')
      for await (const chunk of createReadStream(path)) hash.update(chunk)
      return hash.digest('hex')
    }
    const again = join(files().bastion, 'again.bundle')
    await sealDemo(files(), again, steps(console.log, false))
    assert.equal(await sum(again), await sum(files().bundle))
    await rm(again)
  })

  test('other tools read the bundle as it stands', () => {
    const reference = 'registry.sealift.example/cde/manager:0.1.0'
    const image = JSON.parse(
      execFileSync('skopeo', ['inspect', `oci-archive:${files().bundle}:${reference}`], {
        encoding: 'utf8',
        maxBuffer: 1 << 26,
      }),
    )
    assert.equal(image.Os, 'linux')
  })

  test('one changed byte in the middle of the bundle makes verify fail with exit code 3', async () => {
    const copy = join(files().bastion, 'changed.bundle')
    await copyFile(files().bundle, copy)
    const file = await open(copy, 'r+')
    const { size } = await file.stat()
    const byte = Buffer.alloc(1)
    await file.read(byte, 0, 1, Math.floor(size / 2))
    await file.write(Buffer.of((byte[0] as number) ^ 1), 0, 1, Math.floor(size / 2))
    await file.close()
    const { exitCode, stderr } = await runSealift(['bundle', 'verify', copy, '--trust', files().trust])
    assert.equal(exitCode, 3)
    assert.match(stderr, /BUNDLE_CONTENT/)
    await rm(copy)
  })
}
