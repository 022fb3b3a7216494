import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { mediaTypes } from '@sealift/bundle-spec/descriptor.ts'
import { behind, headerOf } from '@sealift/bundle-spec/tar.ts'
import { digestOf } from '@sealift/bundle-spec/verify.ts'
import { openBundle } from '../../../installer/src/stores/bundle/open.ts'
import { withoutBlob } from '../../unit/installer/serve/bundles.ts'
import type { Site } from '../bundle-verbs.ts'
import {
  type Fault,
  index,
  inManifest,
  larger,
  layer,
  layerAs,
  layerType,
  manager,
  manifest,
  nested,
  subject,
} from './change.ts'

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

/** The entry that holds `content`, longer or shorter than documents say; its own header says so. */
const resized = (content: string, by: number) => async (site: Site) => {
  const old = await readFile(site.path)
  const start = old.indexOf(`\0${content}\0`) + 1
  const header = headerOf(old.toString('latin1', start - 512, start - 512 + blobNameLength), content.length + by)
  const changed = Buffer.alloc(512, content).fill(0, content.length + by)
  await writeFile(site.path, Buffer.concat([old.subarray(0, start - 512), header, changed, old.subarray(start + 512)]))
}
const blobNameLength = 'blobs/sha256/'.length + 64

/** Faults of documents, and of what they name. */
export const ofDocuments: Fault[] = [
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
  ['a layer that is a byte longer than announced', 'structure', 'BUNDLE_DESCRIPTOR', resized('workspace', 1)],
  ['a layer that is a byte shorter than announced', 'structure', 'BUNDLE_DESCRIPTOR', resized('workspace', -1)],
  [
    'a layer that two images announce with two sizes',
    'structure',
    'BUNDLE_DESCRIPTOR',
    inManifest(({ layers }) => void layers[0].size++),
  ],
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
  ['a byte behind a blob', 'structure', 'BUNDLE_PADDING', overwrite('base layer xxx', 'behind')],
  ['a byte of a layer changed', 'content', 'BUNDLE_CONTENT', overwrite('base layer xxx', 'in')],
]
