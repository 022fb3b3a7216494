import { open, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { behind, digestOfName } from '../../../../bundle-spec/src/tar.ts'
import { type BuildOptions, buildBundle } from '../../../../installer/src/build/build.ts'
import { openBundle } from '../../../../installer/src/stores/bundle/open.ts'
import type { MemoryStore } from '../../../../installer/src/stores/memory.ts'
import { putImage, smallRelease } from '../../../fixtures/release.ts'

export interface Vendor {
  trust: string[]
  signingKey: string
  license: string
  /** Builds the release of a version; `workspace` is what is in the layer of that image. */
  build(path: string, version: string, workspace?: string): Promise<string>
}

/** A vendor whose releases are signed by the same keys. */
export async function vendor(directory: string): Promise<Vendor> {
  const { options, trust } = await smallRelease(directory)
  return {
    trust,
    signingKey: options.signingKey,
    license: options.license,
    async build(path, version, workspace = 'workspace') {
      const registry = options.registry as unknown as MemoryStore
      for (const [name, layer] of [
        ['manager', `manager ${version}`],
        ['workspace', workspace],
      ] as const)
        await putImage(registry, `registry.sealift.example/cde/${name}:${version}`, [`base ${'x'.repeat(3000)}`, layer])
      for (const file of ['release.yaml', 'chart/Chart.yaml']) {
        const text = await readFile(join(directory, file), 'utf8')
        await writeFile(
          join(directory, file),
          text
            .replace(/^version: .*$/m, `version: ${version}`)
            .replaceAll(/(cde\/(manager|workspace)):[\d.]+/g, `$1:${version}`),
        )
      }
      const rendered = `apiVersion: v1\nkind: Pod\nmetadata: {name: manager}\nspec: {containers: [{name: m, image: "registry.sealift.example/cde/manager:${version}"}]}\n`
      const out: BuildOptions = { ...options, out: path, render: async () => rendered }
      return (await buildBundle(out)).path
    },
  }
}

/** Takes one blob out of a bundle file, as a bundle that builds on another leaves it out. */
export async function withoutBlob(path: string, trust: readonly string[], digest: string): Promise<void> {
  const bundle = await openBundle(path, trust)
  const entry = bundle.entries.find(({ name }) => name.startsWith('blobs/') && digestOfName(name) === digest)
  await bundle.close()
  if (!entry) throw new Error(`there is no ${digest}`)
  const bytes = await readFile(path)
  await writeFile(path, Buffer.concat([bytes.subarray(0, entry.offset - 512), bytes.subarray(behind(entry))]))
}

/** Writes over bytes of a file in place. */
export async function overwrite(path: string, position: number, bytes: Buffer): Promise<void> {
  const file = await open(path, 'r+')
  await file.write(bytes, 0, bytes.length, position)
  await file.close()
}
