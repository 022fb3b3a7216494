import { readerToken, startApiProxy } from './api-proxy.ts'
import { error, type Provocation, warning } from './provocation.ts'

const name = 'old-cluster'

/** An API server of many years ago, and a machine whose way out is gone. */
export const oldCluster: Provocation = {
  name,
  tells: {
    'kubernetes-version': error('CLUSTER_VERSION', /runs Kubernetes v1\.20\.4: cde \S+ needs 1\.30/),
    outside: warning('CLUSTER_ALLOWLIST', /registry\.registry\.sealift\.example \(https:\S+:443\): proxy, /),
  },
  async arrange(site, undo) {
    const version = { major: '1', minor: '20', gitVersion: 'v1.20.4' }
    const token = await readerToken(site, undo, name)
    const kubeconfig = await startApiProxy(site, undo, { name, token, version })
    const registry = { kind: 'existing' as const, address: 'registry.sealift.example' }
    // nobody listens there
    return { answers: { kubeconfig, mode: 'restricted', registry }, environment: { HTTPS_PROXY: 'http://127.0.0.1:1' } }
  },
}
