import { connectCluster, contextsOf } from '../../cluster/connection.ts'
import { type Finding, failed } from './finding.ts'
import type { Given } from './given.ts'

/** The kubeconfig can be read and names a cluster; the context is in it. Nothing is asked there. */
export function kubeconfigFindings({ answers, isSound, has }: Given): Finding[] {
  const { kubeconfig, context } = answers
  if (!isSound('/kubeconfig')) return []
  const address = { kubeconfig, context: has('/context') ? context : undefined }
  const pointer = address.context !== undefined && knows(kubeconfig) ? '/context' : '/kubeconfig'
  try {
    connectCluster(address, new AbortController().signal)
    return []
  } catch (cause) {
    return [failed(pointer, cause)]
  }
}

function knows(kubeconfig: string | undefined): boolean {
  try {
    return contextsOf({ kubeconfig }).all.length > 0
  } catch {
    return false
  }
}
