import { createHash } from 'node:crypto'
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Descriptor } from '@sealift/bundle-spec/descriptor.ts'
import { attach } from '../sbom/attach.ts'
import type { NpmPackage } from '../sbom/npm.ts'
import { sbomOf } from '../sbom/sbom.ts'
import { buildImage, exportImage, imageTags, removeOlder } from './buildah.ts'
import { cacheDirectory } from './cache.ts'
import { catalog, type ImageName, imageNamed, withParents } from './catalog.ts'
import { contextOf, dockerfileOf } from './context.ts'
import { descriptorIn, digestIn, pruneLayout, sizeIn } from './layout.ts'
import { withLock } from './lock.ts'
import { type Registry, withRegistry } from './push.ts'
import { hashTree, readTree, type Tree, writeTree } from './tree.ts'

export interface BuildImagesOptions {
  registry: Registry
  /** tag of the pushed images */
  version: string
  /** default: all that the release carries */
  only?: readonly ImageName[]
  log?: (line: string) => void
  signal?: AbortSignal
}

/** part of every key: raise it when the way of building changes what comes out */
const recipe = 1

/**
 * Builds the platform's images and pushes them as `<host>/cde/<name>:<version>`, each with its SBOM attached. An image whose
 * inputs (Dockerfile, context, parent) are unchanged is taken from the cache; the same inputs give the same digests.
 * @returns digest by image name
 * @throws SealiftError BUILD_TOOL, BUILD_COMMAND, BUILD_LOCKED, BUILD_REGISTRY
 */
export async function buildImages(options: BuildImagesOptions): Promise<Map<ImageName, string>> {
  const { registry, version, signal, log = () => {} } = options
  const wanted = options.only ?? catalog.filter((image) => image.carried).map((image) => image.name)
  const directory = join(cacheDirectory(), 'images')
  return await withLock(
    directory,
    async () => {
      const built = new Map<ImageName, { tag: string; bundled: readonly NpmPackage[] }>()
      const digests = new Map<ImageName, string>()
      const layout = join(directory, 'layout')
      await mkdir(layout, { recursive: true })
      const known = await imageTags(signal)
      await withRegistry(
        registry,
        async ({ push }) => {
          for (const image of withParents(wanted)) {
            const base = 'from' in image ? built.get(image.from)?.tag : undefined
            const made = await buildCached(image.name, base, known, directory, log, signal)
            built.set(image.name, made)
            if (!wanted.includes(image.name)) continue
            const digest = await exportCached(image.name, made.tag, layout, directory, signal)
            const started = performance.now()
            const pushed = await push(layout, image.name, digest, `cde/${image.name}`, version)
            const megabytes = (await sizeIn(layout, digest)) / 1e6
            log(
              pushed
                ? `${image.name}: pushed, ${megabytes.toFixed(1)} MB compressed, ${seconds(started)}`
                : `${image.name}: the registry has it`,
            )
            digests.set(image.name, digest)
            const subject = (await descriptorIn(layout, image.name)) as Descriptor
            const sbom = await sbomOf({ name: image.name, version, ...made, digest, directory }, signal)
            const attached = await attach(registry, `cde/${image.name}`, subject, sbom, signal)
            if (!attached.there) log(`${image.name}: SBOM attached`)
          }
        },
        signal,
      )
      await pruneLayout(layout)
      return digests
    },
    { signal },
  )
}

/** Returns the image's tag in the local storage, whose last part is the hash of its inputs, and what a bundler put in. */
async function buildCached(
  name: ImageName,
  base: string | undefined,
  known: ReadonlySet<string>,
  directory: string,
  log: (line: string) => void,
  signal?: AbortSignal,
): Promise<{ tag: string; bundled: readonly NpmPackage[] }> {
  const started = performance.now()
  const work = join(directory, 'context', name)
  await rm(work, { recursive: true, force: true })
  await mkdir(work, { recursive: true })
  try {
    const { tree, bundled } = await contextOf(name, join(work, 'made'), log, signal)
    const dockerfile = join(work, 'Dockerfile')
    await copyFile(dockerfileOf(name), dockerfile)
    const text = await readFile(dockerfile, 'utf8')
    const { args } = imageNamed(name)
    const tagOf = async (context: Tree) => {
      const inputs = JSON.stringify([
        recipe,
        process.arch,
        base ?? '',
        text,
        await hashTree(context),
        ...(args ? [args] : []),
      ])
      return `localhost/cde/${name}:${createHash('sha256').update(inputs).digest('hex').slice(0, 16)}`
    }
    const tag = await tagOf(tree)
    if (known.has(tag)) {
      log(`${name}: unchanged, not rebuilt`)
      return { tag, bundled }
    }
    const context = join(work, 'context')
    await writeTree(tree, context)
    // a source may have been changed since it was looked at: the name is that of what is built
    const built = await tagOf(await readTree(context))
    await buildImage({ tag: built, dockerfile, context, args: { ...args, ...(base && { BASE: base }) } }, signal)
    await removeOlder(built, signal)
    log(`${name}: built, ${seconds(started)}`)
    return { tag: built, bundled }
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** Keeps the image compressed in the layout, so that a fresh registry gets the same bytes without new compression. */
async function exportCached(
  name: ImageName,
  tag: string,
  layout: string,
  directory: string,
  signal?: AbortSignal,
): Promise<string> {
  const stamp = join(directory, `${name}.exported`)
  const there = await digestIn(layout, name)
  const exported = await readFile(stamp, 'utf8').catch(() => '')
  if (there !== undefined && exported === `${tag} ${there}\n`) return there
  await exportImage(tag, layout, name, signal)
  const digest = (await digestIn(layout, name)) as string
  await writeFile(stamp, `${tag} ${digest}\n`)
  return digest
}

const seconds = (started: number): string => `${((performance.now() - started) / 1000).toFixed(1)} s`
