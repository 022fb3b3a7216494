import type { Descriptor } from '@sealift/bundle-spec/descriptor.ts'
import type { Catalog } from './catalog.ts'
import type { Gallery } from './gallery/gallery.ts'

/** What a registry shows at one moment: names, the extensions of editors among them, and the blobs behind them. */
export interface Shown {
  catalog: Catalog
  blobs: Blobs
  gallery: Gallery
}

/** Blobs whose hashes have been checked. */
export interface Blobs {
  /**
   * Takes hold of a blob: until it is released, what it is read from stays open.
   * @throws SealiftError BUNDLE_NOT_FOUND, BUNDLE_CHANGED, BUNDLE_CONTENT
   */
  hold(descriptor: Descriptor): Promise<HeldBlob>
}

export interface HeldBlob {
  /** Reads up to `length` bytes from `position` into the start of `buffer`; gives their number, 0 at the end. */
  read(buffer: Buffer, length: number, position: number): Promise<number>
  /**
   * Proves that what was read so far is what was checked.
   * @throws SealiftError BUNDLE_CHANGED
   */
  confirm(): Promise<void>
  release(): void
}
