import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { buildImages } from '../../../manifests/images/build.ts'
import type { ImageName } from '../../../manifests/images/catalog.ts'
import { hashTree, readTree } from '../../../manifests/images/tree.ts'
import type { DemoFiles } from '../demo-files.ts'
import { sealiftExecutable } from '../demo-sealift.ts'
import { atVendor, makeKeys, sealSource } from '../vendor.ts'
import type { VendorRegistry } from '../vendor-registry.ts'
import { pushImages } from './push-images.ts'
import { writeSource } from './release-source.ts'
import type { ReleaseVariant } from './release-variant.ts'

const manifests = join(import.meta.dirname, '../../../manifests')

/** Bundles that are kept (each has 300 MB, and every change of the tree makes others), and how long in any case, in milliseconds. */
const kept = { newest: 12, unused: 60 * 60 * 1000 }

/**
 * Seals a release of the lab with the vendor's keys of `files`, out of the images of this tree, and returns the bundle's path.
 * It is made once for each state of the tree and kept: after that only the first call of a process takes seconds, in which it
 * looks whether the images are still the same.
 */
export async function sealRelease(
  files: DemoFiles,
  variant: ReleaseVariant,
  log: (line: string) => void = () => {},
): Promise<string> {
  const digests = await builtImages(files, variant.postgres === 15 ? ['postgres-15'] : [], log)
  const inputs = await Promise.all([
    [...digests],
    sealiftExecutable(),
    readFile(files.trust, 'utf8'),
    readFile(join(manifests, 'release.yaml'), 'utf8'),
    ...['chart', 'migrations', import.meta.dirname].map(async (at) => hashTree(await readTree(resolve(manifests, at)))),
  ])
  const name = `${variant.version}-${hashOf(variant)}`
  const folder = join(files.directory, 'releases')
  const out = join(folder, `${name}-${hashOf(inputs)}.bundle`)
  if (!existsSync(out))
    await atVendor(files, async (registry) => {
      if (existsSync(out)) return
      await mkdir(folder, { recursive: true })
      const started = performance.now()
      await seal(files, registry, digests, variant, out)
      log(`${name}: sealed, ${((performance.now() - started) / 1000).toFixed(1)} s`)
    })
  const now = new Date()
  await utimes(out, now, now)
  await removeUnused(folder)
  return out
}

async function removeUnused(folder: string): Promise<void> {
  const age = async (name: string) => {
    const path = join(folder, name)
    // another process may be at the same work
    return { path, used: (await stat(path).catch(() => undefined))?.mtimeMs ?? 0 }
  }
  const bundles = await Promise.all((await readdir(folder)).map(age))
  for (const { path, used } of bundles.sort((one, other) => other.used - one.used).slice(kept.newest))
    if (Date.now() - used > kept.unused) await rm(path, { force: true })
}

const hashOf = (inputs: unknown): string =>
  createHash('sha256').update(JSON.stringify(inputs)).digest('hex').slice(0, 12)

/** Digests by image, with the keys made; looked after once in a process, under which sources don't change. */
const built = new Map<string, Promise<Map<ImageName, string>>>()

const builtOf = ({ registryData }: DemoFiles, only?: readonly ImageName[]) => `${registryData} ${only}`

/** Spares `sealRelease` the look at images that this process has just built into the vendor's registry. */
export const rememberImages = (files: DemoFiles, digests: Map<ImageName, string>): void =>
  void built.set(builtOf(files), Promise.resolve(digests))

async function builtImages(
  files: DemoFiles,
  more: readonly ImageName[],
  log: (line: string) => void,
): Promise<Map<ImageName, string>> {
  const of = (only?: readonly ImageName[]) => {
    const key = builtOf(files, only)
    const found =
      built.get(key) ??
      atVendor(files, async (registry) => {
        await makeKeys(files)
        return await buildImages({ registry, version: '0.1.0', log, ...(only && { only }) })
      })
    built.set(key, found)
    return found
  }
  return new Map([...(await of()), ...(more.length > 0 ? await of(more) : [])])
}

async function seal(
  files: DemoFiles,
  registry: VendorRegistry,
  digests: ReadonlyMap<ImageName, string>,
  variant: ReleaseVariant,
  out: string,
): Promise<void> {
  await pushImages(registry, digests, variant)
  const directory = await mkdtemp(join(tmpdir(), 'release-'))
  try {
    await sealSource(files, registry, { ...(await writeSource(directory, variant)), out })
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
