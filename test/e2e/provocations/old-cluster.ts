import { readerToken, startApiProxy } from './api-proxy.ts'
import { error, type Provocation } from './provocation.ts'

const name = 'old-cluster'

/** An API server of many years ago. */
export const oldCluster: Provocation = {
  name,
  tells: { 'kubernetes-version': error('CLUSTER_VERSION', /runs Kubernetes v1\.20\.4: cde \S+ needs 1\.30/) },
  async arrange(site, undo) {
    const version = { major: '1', minor: '20', gitVersion: 'v1.20.4' }
    const token = await readerToken(site, undo, name)
    return { answers: { kubeconfig: await startApiProxy(site, undo, { name, token, version }) } }
  },
}
