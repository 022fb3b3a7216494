import { limits } from '@sealift/bundle-spec/limits.ts'
import { signingKeys } from '../../fixtures/release.ts'
import { reseal } from '../../fixtures/reseal.ts'
import { type Fault, index, manager, managerOf, text } from './change.ts'
import { bytes, poke } from './file.ts'

const deep = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`

/** Faults of the index, or of its signature. */
export const ofIndex: Fault[] = [
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
  ['a manifest with other data in the index', 'index', 'BUNDLE_DESCRIPTOR', manager(() => ({ data: 'e30=' }))],
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
]
