import { copyFile, writeFile } from 'node:fs/promises'
import { mediaTypes } from '@sealift/bundle-spec/descriptor.ts'
import { buildBundle } from '../../installer/src/build/build.ts'
import { smallRelease } from '../fixtures/release.ts'
import { type Loose, type Put, reseal } from '../fixtures/reseal.ts'

const kib = 1024
const mib = kib * kib

/** the shortest one: as many descriptors as can be in a document */
const type = 'a/b'
const absent = (i: number): Loose => ({
  mediaType: type,
  digest: `sha256:${i.toString(16).padStart(64, '0')}`,
  size: 1,
})
const range = (length: number): number[] => Array.from({ length }, (_, i) => i)

/** What is cheap to write and costly to parse: each object with a key of its own. */
const shapes = (count: number, salt: string): object[] => range(count).map((i) => ({ [salt + i.toString(36)]: 1 }))

type Change = Parameters<typeof reseal>[2]
interface Making {
  put: Put
  manager: Loose
  add(descriptor: object): void
  blob(i: number): object
  manifest(layers: readonly object[], more?: object): object
  index(manifests: readonly object[]): object
}

const making =
  (make: (m: Making) => void): Change =>
  (index, put) => {
    const { mediaType, digest, size } = index.manifests.find(
      (one: Loose) => one.annotations['dev.sealift.name'] === 'manager',
    )
    const manager = { mediaType, digest, size }
    const empty = { mediaType: mediaTypes.empty, ...put({}) }
    const document = (mediaType: string, content: object) => ({
      mediaType,
      ...put({ schemaVersion: 2, mediaType, ...content }),
    })
    let names = 0
    make({
      put,
      manager,
      blob: (i) => ({ mediaType: type, ...put(i) }),
      manifest: (layers, more = {}) =>
        document(mediaTypes.manifest, { config: empty, layers, subject: manager, ...more }),
      index: (manifests) => document(mediaTypes.index, { manifests }),
      add: (descriptor) =>
        index.manifests.push({
          ...descriptor,
          annotations: {
            'org.opencontainers.image.ref.name': `r.example/${names++}/a:1`,
            'dev.sealift.role': 'referrer',
            'dev.sealift.name': 'manager',
          },
        }),
    })
  }

/** Rightly signed bundles that ask for more than the budget of a bundle (SPEC.md, "Limits"), and how they are refused. */
export const beyond: Record<string, readonly [code: string, Change]> = {
  '1,000 names of one manifest with 16,000 layers': [
    'BUNDLE_LIMIT',
    making(({ add, manifest }) => {
      const one = manifest(range(16_000).map(absent))
      for (const _ of range(1000)) add(one)
    }),
  ],
  'one name of a manifest that names one layer 16,000 times, and 12 more names of it': [
    'BUNDLE_LIMIT',
    making(({ add, manifest, blob }) => {
      const one = manifest(Array(16_000).fill(blob(1)))
      for (const _ of range(13)) add(one)
    }),
  ],
  '100 documents of 4 MiB': [
    'BUNDLE_LIMIT',
    making(({ add }) => {
      for (const i of range(100)) add({ ...absent(i), mediaType: mediaTypes.manifest, size: 4 * mib })
    }),
  ],
  'more parts than a bundle may have': [
    'BUNDLE_LIMIT',
    making(({ add, manifest }) => {
      for (const k of range(3)) add(manifest(range(13_500).map((i) => absent(k * 13_500 + i))))
    }),
  ],
  'few parts, named more often than documents may': [
    'BUNDLE_LIMIT',
    making(({ add, manifest }) => {
      for (const k of range(8)) add(manifest(range(14_000).map(absent), { annotations: { k: String(k) } }))
    }),
  ],
  'documents that are costly to parse': [
    'BUNDLE_LIMIT',
    making(({ add, manifest, blob }) => {
      for (const k of range(8)) add(manifest([blob(k)], { x: shapes(48_000, `k${k}`) }))
    }),
  ],
  'an index that is costly to parse': [
    'BUNDLE_JSON',
    (index) => Buffer.from(JSON.stringify({ ...index, x: Array(1_000_000).fill([]) })),
  ],
  'an index in an index, nine times': [
    'BUNDLE_LIMIT',
    making(({ add, index, manager }) => add(range(9).reduce((child: object) => index([child]), manager))),
  ],
  'a chain that an index names all of': [
    'BUNDLE_LIMIT',
    making(({ add, index, manager }) => {
      const chain = [manager]
      for (const _ of range(500)) chain.push(index([chain.at(-1)]))
      add(index(chain))
    }),
  ],
  '10^14 ways, of 100 documents on each of seven levels, by 20 names': [
    'BUNDLE_LIMIT',
    making(({ add, index, manager }) => {
      let level: Loose[] = [manager]
      for (const depth of range(7)) level = range(100).map((i) => index([...level, absent(depth * 100 + i)]))
      for (const one of level.slice(0, 20)) add(one)
    }),
  ],
}

/** The most that the budget leaves: as many parts, bytes and values, by as many names as fit. */
export const worst: Change = making(({ add, blob, manifest }) => {
  const layered = range(3).map((k) =>
    manifest(
      range(13_000).map((i) => blob(k * 13_000 + i)),
      { x: shapes(1200, `q${k}`) },
    ),
  )
  const shaped = range(3).map((k) => manifest([blob(k)], { x: shapes(8500, `j${k}`), y: 'y'.repeat(2 * mib) }))
  for (const one of [...layered, ...shaped]) add(one)
  for (const _ of range(7)) add(layered[0] as object)
  for (const _ of range(3000)) add(shaped[0] as object)
})

/** A small release as a bundle, and copies of it that are made costly. */
export async function costlyBundles(directory: string): Promise<{
  at: string
  make(change: Change, name?: string): Promise<string>
}> {
  const { options, trust } = await smallRelease(directory)
  const { path } = await buildBundle(options)
  await writeFile(`${directory}/vendor.pub`, trust[0] as string)
  await writeFile(`${directory}/my.license`, options.license)
  return {
    at: directory,
    async make(change, name = 'costly') {
      const made = `${directory}/${name}.bundle`
      await copyFile(path, made)
      await reseal(made, { signingKey: options.signingKey, trust }, change)
      return made
    },
  }
}
