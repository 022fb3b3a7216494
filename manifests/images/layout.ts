import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Descriptor } from '@sealift/bundle-spec/descriptor.ts'

const refName = 'org.opencontainers.image.ref.name'

/** The digest of the image that an OCI image layout has under a name, if any (image-spec, annotations.md, ref.name). */
export async function digestIn(layout: string, name: string): Promise<string | undefined> {
  return (await descriptorIn(layout, name))?.digest
}

/** The descriptor of an image that the layout has under a name. */
export async function descriptorIn(layout: string, name: string): Promise<Descriptor | undefined> {
  return (await indexOf(layout)).find((d) => d.annotations?.[refName] === name)
}

/** Bytes of an image's layers as they are pushed. */
export async function sizeIn(layout: string, digest: string): Promise<number> {
  const { layers } = await manifestIn(layout, digest)
  return layers.reduce((sum, layer) => sum + layer.size, 0)
}

/** Removes what no name of the layout leads to any more: a replaced image stays in the index, nameless. */
export async function pruneLayout(layout: string): Promise<void> {
  const manifests = (await indexOf(layout)).filter((d) => d.annotations?.[refName] !== undefined)
  const index = join(layout, 'index.json')
  await writeFile(`${index}.new`, JSON.stringify({ schemaVersion: 2, manifests }))
  await rename(`${index}.new`, index)
  const used = new Set<string>()
  for (const { digest } of manifests) {
    const { config, layers } = await manifestIn(layout, digest)
    for (const d of [digest, config.digest, ...layers.map((layer) => layer.digest)]) used.add(d)
  }
  const blobs = join(layout, 'blobs/sha256')
  for (const hex of await readdir(blobs).catch(() => []))
    if (!used.has(`sha256:${hex}`)) await rm(join(blobs, hex), { force: true })
}

async function indexOf(layout: string): Promise<Descriptor[]> {
  const text = await readFile(join(layout, 'index.json'), 'utf8').catch(() => '{"manifests":[]}')
  return (JSON.parse(text) as { manifests: Descriptor[] }).manifests
}

async function manifestIn(layout: string, digest: string) {
  const text = await readFile(join(layout, 'blobs/sha256', digest.slice('sha256:'.length)), 'utf8')
  return JSON.parse(text) as { config: Descriptor; layers: Descriptor[] }
}
