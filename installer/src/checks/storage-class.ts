import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Check } from './check.ts'

const defaultClass = 'storageclass.kubernetes.io/is-default-class'

export const storageClass: Check = {
  id: 'storage-class',
  title: 'There is a storage class',
  protects: 'rollout',
  why: 'The database and the workspaces would wait for their volumes for ever.',
  level: 'error',
  after: ['api'],
  async run({ cluster, answers }) {
    const { storage, request, flags } = cluster()
    const classes = (await request('list storage classes', () => storage.listStorageClass())).items
    const wanted = answers.storageClass
    const found = classes.find((item) =>
      wanted === undefined ? item.metadata?.annotations?.[defaultClass] === 'true' : item.metadata?.name === wanted,
    )
    if (found) return { state: 'passed', found: `storage class ${found.metadata?.name}` }
    const names = classes.map((item) => item.metadata?.name).join(', ')
    throw new SealiftError(
      'CLUSTER_STORAGE',
      wanted === undefined ? 'the cluster has no default storage class' : `the cluster has no storage class ${wanted}`,
      {
        why: `it has: ${names || 'none'}`,
        fix: `set storageClass in the answers; see: kubectl${flags} get storageclass`,
      },
    )
  },
}
