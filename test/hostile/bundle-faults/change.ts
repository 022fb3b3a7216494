import { mediaTypes, type Role } from '@sealift/bundle-spec/descriptor.ts'
import { type Drop, editRelease, type Loose, type Put, renameImage, reseal, type Take } from '../../fixtures/reseal.ts'
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
  index((old, put, take) => {
    Object.assign(managerOf(old), put(document))
    renameImage(old, put, take, 'manager')
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
/** Something that is about the manager, which is announced otherwise as its subject; `named`: other annotations, by the manager's digest. */
export const subject = (change: (old: Loose) => unknown, named: (manager: string) => object = () => ({})) =>
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
      [refName]: `registry.sealift.example/cde/manager@${added.digest}`,
      'dev.sealift.role': 'referrer',
      'dev.sealift.name': annotations['dev.sealift.name'],
    }
    old.manifests.push({ mediaType, ...added, annotations: { ...names, ...named(digest) } })
  })
/** The release manifest, changed; the index names it rightly. */
export const release = (change: (release: Loose, index: Loose) => unknown) =>
  index((old, put, take) => editRelease(old, put, take, (release) => void change(release, old)))

/** The index's descriptor of what has a role, changed. */
export const entry = (role: Role, change: (entry: Loose, index: Loose, put: Put, drop: Drop) => unknown) =>
  index((old, put, _, drop) => void change(entryOf(old, role), old, put, drop))

/** The manifest of what has a role, changed; index and release say rightly what became of it. */
export const artifact = (
  role: Role,
  change: (document: Loose, more: { entry: Loose; put: Put; drop: Drop }) => unknown,
) =>
  index((old, put, take, drop) => {
    const entry = entryOf(old, role)
    const { digest } = entry
    const document = take(digest)
    change(document, { entry, put, drop })
    Object.assign(entry, put(document))
    named(old, put, take, digest, entry)
  })

/** What has a role, as an index of one manifest. */
export const wrapped = (role: Role) =>
  index((old, put, take) => {
    const entry = entryOf(old, role)
    const { mediaType, digest, size } = entry
    const manifests = [{ mediaType, digest, size }]
    const document = { schemaVersion: 2, mediaType: mediaTypes.index, manifests }
    Object.assign(entry, { mediaType: mediaTypes.index }, put(document))
    named(old, put, take, digest, entry)
  })

/** What had `digest` is another document now: whoever names it says so. */
function named(old: Loose, put: Put, take: Take, digest: string, entry: Loose): void {
  const { annotations } = entry
  if (annotations['dev.sealift.role'] === 'release')
    annotations[refName] = annotations[refName].replace(/@.*/, `@${entry.digest}`)
  else
    editRelease(old, put, take, ({ chart, images, files, extensions = [] }) => {
      for (const one of [chart, ...images, ...files, ...extensions])
        if (one.digest === digest) one.digest = entry.digest
    })
}

/** An extension of editors with two layers, whose manifest is changed. */
export const extension = (change: (document: Loose, put: Put) => unknown) =>
  index((old, put, take) => {
    const part = (title: string) => ({
      mediaType: 'application/octet-stream',
      ...put({ title }),
      annotations: { 'org.opencontainers.image.title': title },
    })
    const document = {
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      artifactType: mediaTypes.extension,
      config: { mediaType: mediaTypes.empty, ...put({}) },
      layers: [part('vsix'), part('manifest')],
    }
    change(document, put)
    const added = put(document)
    const annotations = {
      'dev.sealift.role': 'extension',
      'dev.sealift.name': 'acme.hello@1.2.3',
      [refName]: 'registry.sealift.example/cde/charts/cde/extensions/acme.hello:1.2.3',
    }
    old.manifests.push({ mediaType: mediaTypes.manifest, ...added, annotations })
    const about = { publisher: 'acme', name: 'hello', version: '1.2.3', engine: '*', digest: added.digest }
    editRelease(old, put, take, (release) => {
      release.extensions = [about]
    })
  })

/** One change after the other. */
export const both =
  (...changes: readonly Fault[3][]): Fault[3] =>
  async (site) => {
    for (const change of changes) await change(site)
  }

export const larger =
  (bytes: number) =>
  ({ size }: Loose) => ({ size: size + bytes })

export const refName = 'org.opencontainers.image.ref.name'

export const entryOf = (old: Loose, role: Role): Loose =>
  old.manifests.find((one: Loose) => one.annotations['dev.sealift.role'] === role)

export const managerOf = (old: Loose): Loose =>
  old.manifests.find((one: Loose) => one.annotations['dev.sealift.name'] === 'manager')

export const layerType = 'application/vnd.oci.image.layer.v1.tar'
export const layer = { mediaType: layerType, digest: `sha256:${'a'.repeat(64)}`, size: 1 }
