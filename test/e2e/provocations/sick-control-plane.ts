import { nodeName } from '../../lab/node.ts'
import { certificate } from '../../unit/installer/checks/certificates.ts'
import { readerToken, startApiProxy } from './api-proxy.ts'
import { writeCertificate } from './check-site.ts'
import { error, type Provocation, warning } from './provocation.ts'

const name = 'sick-control-plane'

/** The API answers late, says that it is not ready, has another time and soon no certificate; what is asked for is not there. */
export const sickControlPlane: Provocation = {
  name,
  tells: {
    'certificate-chain': error('USAGE_CERTIFICATE', /SHA-?1/i),
    'certificate-end': warning('USAGE_CERTIFICATE', /, in [45] days$/),
    'api-ready': error('CLUSTER_NOT_READY', /\/readyz answers 500: \[-\]etcd failed/),
    'api-latency': warning('CLUSTER_SLOW', /^\d+ ms, connection included, in the middle of 5/),
    'api-certificate': warning('CLUSTER_CERTIFICATE', /, in [45] days$/),
    clock: error('CLUSTER_CLOCK', /the API server is \d+ s ahead/),
    nodes: error('CLUSTER_NODES', /of 1 nodes 0 are ready and neither cordoned nor tainted/),
    permissions: error('CLUSTER_FORBIDDEN', /this user may not create namespaces/),
    namespace: error('CLUSTER_POD_SECURITY', /namespace sick-control-plane lets in pods with privileges/),
    'storage-class': error('CLUSTER_STORAGE', /no storage class none: it has: lab/),
    'database-fit': error('CLUSTER_DATABASE', /^encoding SQL_ASCII$/),
  },
  async arrange(site, undo) {
    const { answers, database } = site
    const names = [answers.host, `*.${answers.devUrlsHost}`]
    const by = await certificate('weak', { hash: 'SHA-1' })
    const weak = await certificate(answers.host, { by, names, hash: 'SHA-1', days: 5 })
    await site.put(undo, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
    undo.defer(async () => void (await site.kubectl('uncordon', nodeName)))
    await site.kubectl('cordon', nodeName)
    const notReady = '[+]ping ok\n[-]etcd failed: reason withheld\nreadyz check failed\n'
    const token = await readerToken(site, undo, name)
    const kubeconfig = await startApiProxy(site, undo, { name, token, days: 5, delay: 600, ahead: 90, notReady })
    return {
      answers: {
        kubeconfig,
        tls: await writeCertificate(site.scratch, weak),
        storageClass: 'none',
        database: { ...database, database: 'ascii' },
      },
    }
  },
}
