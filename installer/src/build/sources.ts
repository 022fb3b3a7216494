import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { ContentStore } from '@sealift/bundle-spec/store.ts'
import { readDocument } from '@sealift/bundle-spec/verify.ts'
import { openLicensed } from '../license/open.ts'
import { archiveStore } from '../stores/archive/open.ts'
import { layoutStore } from '../stores/layout/open.ts'
import { type Referrer, type ReferringStore, subjectOf } from '../stores/referrers.ts'

/** A place beside registries that images are taken from, and the name that one has there. */
export interface LocalSource {
  store: ContentStore
  reference: string
}

/** Places that release.yaml names, each opened once. */
export interface LocalSources {
  /** @throws SealiftError STORAGE_LAYOUT, STORAGE_ARCHIVE, BUNDLE_*, USAGE_TRUST, LICENSE_* */
  open(source: string): Promise<LocalSource>
  /** all that have been opened */
  stores(): ContentStore[]
  close(): Promise<void>
}

interface Place {
  store: ContentStore
  close?: () => Promise<void>
}

/**
 * Opens what `source` of an image says: `oci-layout:DIRECTORY:NAME`, `bundle:FILE:NAME`, `docker-archive:FILE:NAME`.
 * @param trust public keys (PEM) of vendors whose bundles are accepted as sources
 * @param license allows to take images out of those: to seal them again does not make them somebody else's
 */
export function localSources(trust: readonly string[], license: string, signal?: AbortSignal): LocalSources {
  const places = new Map<string, Promise<Place>>()
  const opened: ContentStore[] = []
  return {
    async open(source) {
      const [kind = '', path = '', ...name] = source.split(':')
      const key = `${kind}:${path}`
      let place = places.get(key)
      if (!place) {
        place = openPlace(kind, path, { trust, license }, signal)
        places.set(key, place)
        opened.push((await place).store)
      }
      return { store: (await place).store, reference: name.join(':') }
    },
    stores: () => opened,
    async close() {
      for (const place of await Promise.allSettled(places.values()))
        if (place.status === 'fulfilled') await place.value.close?.()
    },
  }
}

async function openPlace(
  kind: string,
  path: string,
  { trust, license }: { trust: readonly string[]; license: string },
  signal?: AbortSignal,
): Promise<Place> {
  if (kind === 'oci-layout') return { store: await layoutStore(path) }
  if (kind === 'docker-archive') {
    const store = await archiveStore(path, signal)
    return { store, close: store.close }
  }
  if (trust.length === 0)
    throw new SealiftError('USAGE_TRUST', `the bundle ${path} is a source, and no key is trusted`, {
      why: 'nothing is taken from a bundle whose signature has not been verified',
      fix: 'pass the public key of its vendor: --trust vendor.pub',
    })
  const { bundle } = await openLicensed(path, trust, license, 'build')
  const referring: ReferringStore = {
    ...bundle.store,
    async referrers(_repository, digest) {
      const found: Referrer[] = []
      for (const { role, descriptor, reference } of bundle.artifacts) {
        if (role !== 'referrer') continue
        const tag = /:([^/:@]+)$/.exec(reference.split('@')[0] as string)?.[1]
        const about = tag?.startsWith(digest.replace(':', '-'))
        const bytes = await readDocument(descriptor, () => bundle.store.open('', descriptor), bundle.store.origin)
        if (about || subjectOf(descriptor.digest, bytes) === digest)
          found.push({ descriptor, ...(tag === undefined ? {} : { tag }) })
      }
      return found
    },
  }
  return { store: referring, close: bundle.close }
}
