import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { mediaTypes } from '@sealift/bundle-spec/descriptor.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
import { behind, headerOf } from '@sealift/bundle-spec/tar.ts'
import { digestOf } from '@sealift/bundle-spec/verify.ts'
import { openBundle } from '../../installer/src/stores/bundle/open.ts'
import { splitBundle } from '../../installer/src/stores/bundle/split.ts'
import { signingKeys } from '../fixtures/release.ts'
import { type Loose, renameImage, reseal } from '../fixtures/reseal.ts'
import { withoutBlob } from '../unit/installer/serve/bundles.ts'
import type { Depth, Site } from './bundle-verbs.ts'

/** Bytes of the bundle, changed. */
const bytes =
  (change: (old: Buffer) => Buffer | Promise<Buffer>) =>
  async ({ path }: Site) =>
    writeFile(path, await change(await readFile(path)))

/** The index, changed and rightly signed. */
const index =
  (change: Parameters<typeof reseal>[2]) =>
  ({ path, options, trust }: Site) =>
    reseal(path, { signingKey: options.signingKey, trust }, change)
const text = (change: (old: string) => string) => index((old) => Buffer.from(change(JSON.stringify(old))))

/** The manager's manifest, replaced by another document. */
const manifest = (document: object) =>
  index((old, put) => {
    Object.assign(managerOf(old), put(document))
  })
/** The index's descriptor of the manager, changed. */
export const manager = (change: (old: Loose) => object) =>
  index((old) => {
    Object.assign(managerOf(old), change(managerOf(old)))
  })
/** The manager's manifest, changed; the index says rightly what became of it. */
const inManifest = (change: (old: Loose, site: { manager: Loose; put(document: object): object }) => unknown) =>
  index((old, put, take) => {
    const manager = managerOf(old)
    const document = take(manager.digest)
    change(document, { manager, put })
    Object.assign(manager, put(document))
    renameImage(old, put, take, 'manager')
  })
/** A layer of the manager, announced otherwise. */
const layerAs = (change: (old: Loose) => object) =>
  inManifest(({ layers }) => {
    Object.assign(layers.at(-1), change(layers.at(-1)))
  })
/** The manager as an index of one manifest, which is announced otherwise. */
const nested = (change: (old: Loose) => object) =>
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
const subject = (change: (old: Loose) => unknown) =>
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
const larger =
  (bytes: number) =>
  ({ size }: Loose) => ({ size: size + bytes })

const managerOf = (old: Loose): Loose =>
  old.manifests.find((one: Loose) => one.annotations['dev.sealift.name'] === 'manager')

/** Writes over bytes in an entry of the bundle that holds `content`, or behind it. */
const overwrite = (content: string, place: 'in' | 'behind') => async (site: Site) => {
  const bundle = await openBundle(site.path, site.trust)
  await bundle.close()
  const old = await readFile(site.path)
  const start = old.indexOf(content)
  const entry = bundle.entries.find(({ offset, size }) => start >= offset && start < offset + size)
  assert.ok(entry)
  old[place === 'in' ? start : behind(entry) - 1] = 0x21
  await writeFile(site.path, old)
}

const parts = (change: (last: string) => Promise<void>) => async (site: Site) => {
  const made = await splitBundle({
    path: site.path,
    trust: site.trust,
    signingKey: site.options.signingKey,
    partSize: 4096,
    move: true,
  })
  await change(made.parts.at(-1)?.path as string)
}

const deep = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`
const layerType = 'application/vnd.oci.image.layer.v1.tar'
const layer = { mediaType: layerType, digest: `sha256:${'a'.repeat(64)}`, size: 1 }

/** What is right, though rare: a subject, an index for an image, the content of a layer in its descriptor. */
export const oddities = [
  subject((old) => old),
  nested(() => ({})),
  layerAs(() => ({ data: Buffer.from('manager').toString('base64') })),
]

/** What is wrong with a bundle, how far one must look to see it, and how it is named. */
export const faults: [string, Depth, string, (site: Site) => Promise<unknown> | unknown][] = [
  ['no file', 'file', 'BUNDLE_MISSING', ({ path }) => rm(path)],
  ['a directory', 'file', 'BUNDLE_MISSING', ({ path }) => rm(path).then(() => mkdir(path))],
  ['a FIFO', 'file', 'BUNDLE_MISSING', ({ path }) => rm(path).then(() => execFileSync('mkfifo', [path]))],
  ['compressed with gzip', 'file', 'BUNDLE_FORMAT', bytes((old) => gzipSync(old))],
  ['compressed with zstd', 'file', 'BUNDLE_FORMAT', bytes((old) => zstdCompressSync(old))],
  ['cut in the middle', 'file', 'BUNDLE_TRUNCATED', ({ path }) => truncate(path, 5000)],
  ['zeros behind its end', 'file', 'BUNDLE_FORMAT', bytes((old) => Buffer.concat([old, Buffer.alloc(512)]))],
  ['a symbolic link inside', 'file', 'BUNDLE_ENTRY', bytes((old) => link(old))],
  [
    'an entry with a wrong checksum',
    'file',
    'BUNDLE_ENTRY',
    bytes((old) => poke(old, old.indexOf('blobs/sha256/') + 148)),
  ],
  ['an entry twice', 'file', 'BUNDLE_FORMAT', bytes((old) => doubled(old))],
  ['no signature', 'file', 'BUNDLE_UNSIGNED', bytes((old) => withoutSignature(old))],
  [
    'a byte of the index changed',
    'index',
    'BUNDLE_SIGNATURE',
    bytes((old) => poke(old, old.indexOf('"manifests"') + 2)),
  ],
  [
    'signed by somebody else',
    'index',
    'BUNDLE_UNTRUSTED',
    (site) => reseal(site.path, { signingKey: signingKeys().privateKey, trust: site.trust }, () => {}),
  ],
  ['an index beyond the limit', 'index', 'BUNDLE_LIMIT', text((old) => old.padEnd(limits.document + 1))],
  ['an index with a key twice', 'index', 'BUNDLE_JSON', text((old) => `{"schemaVersion":2,${old.slice(1)}`)],
  ['an index with __proto__', 'index', 'BUNDLE_JSON', text((old) => `{"__proto__":{},${old.slice(1)}`)],
  ['an index nested too deep', 'index', 'BUNDLE_JSON', text((old) => `{"x":${deep(limits.jsonDepth)},${old.slice(1)}`)],
  [
    'an index that is not UTF-8',
    'index',
    'BUNDLE_JSON',
    index((old) =>
      Buffer.concat([Buffer.from(`{"x":"`), Buffer.of(0xff), Buffer.from(`",${JSON.stringify(old).slice(1)}`)]),
    ),
  ],
  ['a size that is no integer', 'index', 'BUNDLE_DESCRIPTOR', manager(({ size }) => ({ size: size + 0.5 }))],
  ['a digest in capitals', 'index', 'BUNDLE_DESCRIPTOR', manager(({ digest }) => ({ digest: digest.toUpperCase() }))],
  ['a digest of SHA-512', 'index', 'BUNDLE_DESCRIPTOR', manager(() => ({ digest: `sha512:${'a'.repeat(128)}` }))],
  [
    'one name for two digests',
    'index',
    'BUNDLE_FORMAT',
    index(
      (old) =>
        void old.manifests.push({ ...managerOf(old), digest: old.manifests[0].digest, size: old.manifests[0].size }),
    ),
  ],
  [
    'a last part that is a byte short',
    'file',
    'BUNDLE_PART_SIZE',
    parts(async (last) => truncate(last, (await readFile(last)).length - 1)),
  ],
  [
    'a last part that is longer by zeros',
    'file',
    'BUNDLE_PART_SIZE',
    parts(async (last) => truncate(last, (await readFile(last)).length + 512)),
  ],
  [
    'a manifest changed',
    'structure',
    'BUNDLE_CONTENT',
    overwrite('"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest', 'in'),
  ],
  [
    'a manifest that says it is something else',
    'structure',
    'BUNDLE_DOCUMENT',
    manifest({ mediaType: 'application/vnd.oci.image.index.v1+json', config: layer, layers: [] }),
  ],
  [
    'a manifest with images and layers',
    'structure',
    'BUNDLE_DOCUMENT',
    manifest({ manifests: [], config: layer, layers: [] }),
  ],
  [
    'a blob that the index does not reach',
    'structure',
    'BUNDLE_EXTRA',
    index((_, put) => void put({ nobody: 'asked for it' })),
  ],
  [
    'a blob that is missing',
    'structure',
    'BUNDLE_NOT_FOUND',
    ({ path, trust }) => withoutBlob(path, trust, digestOf(Buffer.from('manager'))),
  ],
  ['a layer announced with a byte more', 'structure', 'BUNDLE_DESCRIPTOR', layerAs(larger(1))],
  ['a layer announced with a byte less', 'structure', 'BUNDLE_DESCRIPTOR', layerAs(larger(-1))],
  ['a layer announced with 1 GB more', 'structure', 'BUNDLE_DESCRIPTOR', layerAs(larger(1e9))],
  ['a layer announced as empty', 'structure', 'BUNDLE_DESCRIPTOR', layerAs(() => ({ size: 0 }))],
  [
    'a configuration announced with a byte more',
    'structure',
    'BUNDLE_DESCRIPTOR',
    inManifest(({ config }) => void config.size++),
  ],
  ['a manifest announced with a byte more', 'structure', 'BUNDLE_DESCRIPTOR', manager(larger(1))],
  ['a manifest announced with a byte less', 'structure', 'BUNDLE_DESCRIPTOR', manager(larger(-1))],
  ['a manifest in an index announced with a byte more', 'structure', 'BUNDLE_DESCRIPTOR', nested(larger(1))],
  [
    'a manifest in an index announced as another kind',
    'structure',
    'BUNDLE_DOCUMENT',
    nested(() => ({ mediaType: mediaTypes.dockerManifest })),
  ],
  [
    'a subject announced with a byte more',
    'structure',
    'BUNDLE_DESCRIPTOR',
    subject((old) => ({ ...old, ...larger(1)(old) })),
  ],
  [
    'a subject announced as another kind',
    'structure',
    'BUNDLE_DESCRIPTOR',
    subject((old) => ({ ...old, mediaType: mediaTypes.dockerManifest })),
  ],
  ['a subject that is no descriptor', 'structure', 'BUNDLE_DESCRIPTOR', subject(({ digest }) => digest)],
  [
    'a layer that is also a manifest',
    'structure',
    'BUNDLE_DESCRIPTOR',
    inManifest(({ layers }, { put }) => {
      const config = { mediaType: mediaTypes.empty, ...put({}) }
      const both = put({ schemaVersion: 2, mediaType: mediaTypes.manifest, config, layers: [] })
      layers.push({ mediaType: layerType, ...both }, { mediaType: mediaTypes.manifest, ...both })
    }),
  ],
  [
    'a layer with other data in its descriptor',
    'structure',
    'BUNDLE_DESCRIPTOR',
    layerAs(({ size }) => ({ data: Buffer.alloc(size).toString('base64') })),
  ],
  [
    'a layer with less data in its descriptor',
    'structure',
    'BUNDLE_DESCRIPTOR',
    layerAs(() => ({ data: Buffer.from('manage').toString('base64') })),
  ],
  ['a layer with data that are no text', 'structure', 'BUNDLE_DESCRIPTOR', layerAs(() => ({ data: ['manager'] }))],
  ['a manifest with other data in the index', 'index', 'BUNDLE_DESCRIPTOR', manager(() => ({ data: 'e30=' }))],
  [
    'another image than the release names',
    'structure',
    'BUNDLE_RELEASE',
    index((old, put, take) => {
      const manager = managerOf(old)
      Object.assign(manager, put({ ...take(manager.digest), annotations: { another: 'one' } }))
    }),
  ],
  [
    'an image under another name than the release gives it',
    'structure',
    'BUNDLE_RELEASE',
    manager(({ annotations }) => ({
      annotations: {
        ...annotations,
        'org.opencontainers.image.ref.name': 'registry.sealift.example/cde/manager:other',
      },
    })),
  ],
  [
    'an image that the release does not name',
    'structure',
    'BUNDLE_RELEASE',
    index((old) => {
      const { annotations, ...image } = managerOf(old)
      const names = {
        'org.opencontainers.image.ref.name': 'registry.sealift.example/cde/more:1',
        'dev.sealift.name': 'more',
      }
      old.manifests.push({ ...image, annotations: { ...annotations, ...names } })
    }),
  ],
  [
    'something about an image under the name of the release itself',
    'structure',
    'BUNDLE_RELEASE',
    index((old) => {
      const { annotations, ...image } = managerOf(old)
      const names = {
        'org.opencontainers.image.ref.name': 'registry.sealift.example/cde/charts/cde/release:0.1.0',
        'dev.sealift.role': 'referrer',
      }
      old.manifests.push({ ...image, annotations: { ...annotations, ...names } })
    }),
  ],
  [
    'a name by another digest than its own',
    'index',
    'BUNDLE_FORMAT',
    manager(({ annotations }) => ({
      annotations: {
        ...annotations,
        'org.opencontainers.image.ref.name': `registry.sealift.example/cde/manager@sha256:${'0'.repeat(64)}`,
      },
    })),
  ],
  [
    'a chart that the release does not name',
    'structure',
    'BUNDLE_RELEASE',
    index((old) => {
      const { mediaType, digest, size } = managerOf(old)
      const chart = old.manifests.find((one: Loose) => one.annotations['dev.sealift.role'] === 'chart')
      const names = {
        ...chart.annotations,
        'org.opencontainers.image.ref.name': 'registry.sealift.example/cde/charts/x:1',
      }
      old.manifests.push({ mediaType, digest, size, annotations: names })
    }),
  ],
  [
    'an image less than the release names',
    'structure',
    'BUNDLE_RELEASE',
    index((old) => {
      managerOf(old).annotations['dev.sealift.role'] = 'referrer'
    }),
  ],
  ['a byte behind a blob', 'structure', 'BUNDLE_PADDING', overwrite('base layer xxx', 'behind')],
  ['a byte of a layer changed', 'content', 'BUNDLE_CONTENT', overwrite('base layer xxx', 'in')],
]

const poke = (old: Buffer, at: number): Buffer => {
  old[at] = (old[at] as number) ^ 1
  return old
}

/** The first blob's header says that it is a link; its checksum is right. */
function link(old: Buffer): Buffer {
  const at = old.indexOf('blobs/sha256/')
  old.write('2', at + 156)
  const sum = old.subarray(at, at + 512).reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte), 0)
  old.write(`${sum.toString(8).padStart(6, '0')}\0 `, at + 148)
  return old
}

function doubled(old: Buffer): Buffer {
  const last = old.lastIndexOf('blobs/sha256/')
  return Buffer.concat([old.subarray(0, -1024), old.subarray(last, -1024), Buffer.alloc(1024)])
}

function withoutSignature(old: Buffer): Buffer {
  const at = old.indexOf('index.json.sigstore.json')
  const size = Number.parseInt(old.subarray(at + 124, at + 135).toString(), 8)
  assert.ok(headerOf('index.json.sigstore.json', size).equals(old.subarray(at, at + 512)))
  return Buffer.concat([old.subarray(0, at), old.subarray(at + 512 + Math.ceil(size / 512) * 512)])
}
