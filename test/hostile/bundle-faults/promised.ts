import type { Loose } from '../../fixtures/reseal.ts'
import { type Fault, index, manager, managerOf } from './change.ts'

/** A bundle that has something else than its release names. */
export const ofPromises: Fault[] = [
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
]
