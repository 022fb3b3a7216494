import { mediaTypes } from '@sealift/bundle-spec/descriptor.ts'
import { type Loose, renameImage, reseal } from '../../fixtures/reseal.ts'
import type { Depth, Site } from '../bundle-verbs.ts'

/** What is wrong with a bundle, how far one must look to see it, how it is named, and how a good bundle becomes so. */
export type Fault = [what: string, depth: Depth, code: string, spoil: (site: Site) => Promise<unknown> | unknown]

/** The index, changed and rightly signed. */
export const index =
  (change: Parameters<typeof reseal>[2]) =>
  ({ path, options, trust }: Site) =>
    reseal(path, { signingKey: options.signingKey, trust }, change)
export const text = (change: (old: string) => string) => index((old) => Buffer.from(change(JSON.stringify(old))))

/** The manager's manifest, replaced by another document. */
export const manifest = (document: object) =>
  index((old, put) => {
    Object.assign(managerOf(old), put(document))
  })
/** The index's descriptor of the manager, changed. */
export const manager = (change: (old: Loose) => object) =>
  index((old) => {
    Object.assign(managerOf(old), change(managerOf(old)))
  })
/** The manager's manifest, changed; the index says rightly what became of it. */
export const inManifest = (change: (old: Loose, site: { manager: Loose; put(document: object): object }) => unknown) =>
  index((old, put, take) => {
    const manager = managerOf(old)
    const document = take(manager.digest)
    change(document, { manager, put })
    Object.assign(manager, put(document))
    renameImage(old, put, take, 'manager')
  })
/** A layer of the manager, announced otherwise. */
export const layerAs = (change: (old: Loose) => object) =>
  inManifest(({ layers }) => {
    Object.assign(layers.at(-1), change(layers.at(-1)))
  })
/** The manager as an index of one manifest, which is announced otherwise. */
export const nested = (change: (old: Loose) => object) =>
  index((old, put, take) => {
    const manager = managerOf(old)
    const { mediaType, digest, size } = manager
    const entry = { mediaType, digest, size, platform: { os: 'linux', architecture: 'amd64' } }
    const entries = [{ ...entry, ...change(entry) }]
    Object.assign(
      manager,
      { mediaType: mediaTypes.index },
      put({ schemaVersion: 2, mediaType: mediaTypes.index, manifests: entries }),
    )
    renameImage(old, put, take, 'manager')
  })
/** Something that is about the manager, which is announced otherwise as its subject. */
export const subject = (change: (old: Loose) => unknown) =>
  index((old, put) => {
    const { mediaType, digest, size, annotations } = managerOf(old)
    const config = { mediaType: mediaTypes.empty, ...put({}) }
    const about = {
      schemaVersion: 2,
      mediaType,
      config,
      layers: [config],
      subject: change({ mediaType, digest, size }),
    }
    const added = put(about)
    const names = {
      'org.opencontainers.image.ref.name': `registry.sealift.example/cde/manager@${added.digest}`,
      'dev.sealift.role': 'referrer',
      'dev.sealift.name': annotations['dev.sealift.name'],
    }
    old.manifests.push({ mediaType, ...added, annotations: names })
  })
export const larger =
  (bytes: number) =>
  ({ size }: Loose) => ({ size: size + bytes })

export const managerOf = (old: Loose): Loose =>
  old.manifests.find((one: Loose) => one.annotations['dev.sealift.name'] === 'manager')

export const layerType = 'application/vnd.oci.image.layer.v1.tar'
export const layer = { mediaType: layerType, digest: `sha256:${'a'.repeat(64)}`, size: 1 }
