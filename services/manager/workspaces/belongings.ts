import type { V1PersistentVolumeClaim, V1Service, V1ServiceAccount } from '@kubernetes/client-node'
import type { HomeState } from './engine.ts'
import { objectNames } from './objects.ts'

type Beside = {
  services: readonly V1Service[]
  accounts: readonly V1ServiceAccount[]
}

/** Whether a Service or the ServiceAccount of a workspace is missing; both can be made again as they were. */
export function lacksAny(id: string, { services, accounts }: Beside): boolean {
  const { base, pod } = objectNames(id)
  const has = (objects: Beside[keyof Beside], name: string) => objects.some(({ metadata }) => metadata?.name === name)
  return !has(services, base) || !has(services, pod) || !has(accounts, base)
}

/** What the claim says about a workspace's home. A claim whose volume is gone is in the phase Lost for ever. */
export function homeState(claim: V1PersistentVolumeClaim | undefined): HomeState {
  if (claim === undefined || claim.status?.phase === 'Lost') return 'lost'
  if (claim.metadata?.deletionTimestamp !== undefined) return 'going'
  const pending = claim.status?.conditions?.some(
    ({ type, status }) => type === 'FileSystemResizePending' && status === 'True',
  )
  return pending === true ? 'growing' : 'there'
}
