import type { V1StorageClass } from '@kubernetes/client-node'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { InstallContext } from '../install/context.ts'
import type { Check } from './check.ts'

const defaultClass = 'storageclass.kubernetes.io/is-default-class'

export const storageClass: Check = {
  id: 'storage-class',
  title: 'There is a storage class',
  protects: 'rollout',
  why: 'The database and the workspaces would wait for their volumes for ever.',
  level: 'error',
  after: ['api'],
  async run(context) {
    const { name, found, all } = await classOf(context)
    if (found) return { state: 'passed', found: `storage class ${found.metadata?.name}` }
    throw new SealiftError(
      'CLUSTER_STORAGE',
      name === undefined ? 'the cluster has no default storage class' : `the cluster has no storage class ${name}`,
      {
        why: `it has: ${all.map((item) => item.metadata?.name).join(', ') || 'none'}`,
        fix: `set storageClass in the answers; see: kubectl${context.cluster().flags} get storageclass`,
      },
    )
  },
}

/** The storage class that the answers name, or the default one; `name` is that of the one found, or looked for. */
export async function classOf({
  cluster,
  answers,
}: InstallContext): Promise<{ name: string | undefined; found: V1StorageClass | undefined; all: V1StorageClass[] }> {
  const { storage, request } = cluster()
  const all = (await request('list storage classes', () => storage.listStorageClass())).items
  const { storageClass: name } = answers
  const found = all.find((item) =>
    name === undefined ? item.metadata?.annotations?.[defaultClass] === 'true' : item.metadata?.name === name,
  )
  return { name: found?.metadata?.name ?? name, found, all }
}
