import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Descriptor } from '@sealift/bundle-spec/descriptor.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { bundleOfPart } from '@sealift/bundle-spec/parts.ts'
import { openLicensed } from '../license/open.ts'
import { verifyBundle } from '../stores/bundle/verify.ts'
import { catalogOf } from './catalog.ts'
import { galleryOf } from './gallery/gallery.ts'
import { changed, type ServedBundle, servedBundle, stampOf } from './served-bundle.ts'
import type { Blobs, Shown } from './shown.ts'

/** Verified bundles that are shown as one registry. */
export interface BundleSet extends Shown {
  bundles: readonly ServedBundle[]
}

export interface BundleSetOptions {
  /** bundle files, and directories whose `*.bundle` files, whole or in parts, are meant */
  paths: readonly string[]
  trust: readonly string[]
  license: string
  /** one that is served already: bundles that have not changed since are taken from it */
  previous?: BundleSet
  signal?: AbortSignal
  onProgress?: (done: number, total: number) => void
}

/**
 * Opens and verifies bundles as one set: what one leaves out may be in another. Nothing stays open when it fails.
 * @throws SealiftError BUNDLE_*, LICENSE_*; BUNDLE_CONFLICT where two give one name to different content
 */
export async function openBundleSet(options: BundleSetOptions): Promise<BundleSet> {
  const { previous, signal, onProgress } = options
  const opened: Awaited<ReturnType<typeof openLicensed>>[] = []
  let kept: readonly ServedBundle[] = []
  try {
    for (const path of await bundlePaths(options.paths))
      opened.push(await openLicensed(path, options.trust, options.license, 'serve'))
    const total = opened.reduce((sum, { bundle }) => sum + bundle.size, 0)
    const all = opened.map(({ bundle }) => bundle)
    const bundles: ServedBundle[] = []
    let before = 0
    for (const one of opened) {
      const { bundle, release } = one
      const stamp = await stampOf(bundle)
      const known = previous?.bundles.find((served) => served.stamp === stamp && served.bundle.path === bundle.path)
      if (known) bundles.push(known)
      else {
        const graph = await verifyBundle(bundle, {
          ...(signal ? { signal } : {}),
          beside: all.filter((other) => other !== bundle),
          onProgress: (done) => onProgress?.(before + done, total),
        })
        if ((await stampOf(bundle)) !== stamp) throw changed(bundle.path)
        bundles.push(servedBundle({ bundle, release, graph, stamp }))
      }
      before += bundle.size
    }
    const catalog = catalogOf(bundles.map(({ graph, bundle }) => ({ graph, origin: bundle.path })))
    const gallery = galleryOf(bundles.map(({ graph, release, bundle }) => ({ graph, release, origin: bundle.path })))
    kept = bundles
    const blobs: Blobs = { hold: async (descriptor) => holderOf(bundles, descriptor).hold(descriptor) }
    return { bundles, catalog, gallery, blobs }
  } finally {
    const unused = opened.filter(({ bundle }) => !kept.some((served) => served.bundle === bundle))
    await Promise.all(unused.map(({ bundle }) => bundle.close()))
  }
}

/**
 * Digests of the signed indexes of bundles that may be served, without reading their content.
 * @throws SealiftError BUNDLE_*, LICENSE_*
 */
export async function indexesOf(options: Pick<BundleSetOptions, 'paths' | 'trust' | 'license'>): Promise<string[]> {
  const found: string[] = []
  for (const path of await bundlePaths(options.paths)) {
    const { bundle } = await openLicensed(path, options.trust, options.license, 'serve')
    found.push(bundle.indexDigest)
    await bundle.close()
  }
  return found
}

function holderOf(bundles: readonly ServedBundle[], descriptor: Descriptor): ServedBundle {
  const found = bundles.find((bundle) => bundle.has(descriptor))
  if (found) return found
  throw new SealiftError('BUNDLE_NOT_FOUND', `no bundle holds ${descriptor.digest}`)
}

/** Directories replaced by the bundles in them, in the order of their names. */
async function bundlePaths(paths: readonly string[]): Promise<string[]> {
  const found: string[] = []
  for (const path of paths) {
    const info = await stat(path).catch(() => undefined)
    if (!info?.isDirectory()) {
      found.push(path)
      continue
    }
    const names = (await readdir(path))
      .map((name) => bundleOfPart(name) ?? name)
      .filter((name) => name.endsWith('.bundle'))
    if (names.length === 0)
      throw new SealiftError('BUNDLE_MISSING', `there is no bundle in ${path}`, {
        why: 'none of its files is named *.bundle or *.bundle.parts.json',
        fix: `ls -l ${path}`,
      })
    found.push(...names.sort().map((name) => join(path, name)))
  }
  return [...new Set(found)]
}
