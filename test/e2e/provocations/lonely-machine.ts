import { startNameServer } from './name-server.ts'
import { nowhere } from './nowhere.ts'
import { error, type Provocation, warning } from './provocation.ts'

/** a loopback address that nobody else listens at */
const here = '127.0.0.77'

/** The machine of the operator is set up wrong, the answers name things that are not there, and nothing of the cluster answers. */
export const lonelyMachine: Provocation = {
  name: 'lonely-machine',
  tells: {
    license: error('LICENSE_AIRGAP', /./),
    'host-name': warning('CLUSTER_NAMES', /cde\.local$/),
    certificate: error('USAGE_CERTIFICATE', /cannot serve cde\.local: it does not name cde\.local/),
    'registry-login': error('USAGE_ANSWERS', /registry\.passwordFile cannot be read/),
    proxy: warning('CLUSTER_PROXY', /the API of Kubernetes \(.*the registry \(.*the platform \(cde\.local\)/),
    'name-servers': warning('CLUSTER_NAMES', /a name that nobody gave, sealift-check-\w+, leads to 192\.0\.2\.3/),
    'name-resolution': warning('CLUSTER_NAMES', /cde\.local: 192\.0\.2\.1; \*\.dev\S+: 192\.0\.2\.2/),
    api: error('CLUSTER_UNREACHABLE', /ECONNREFUSED/),
    database: error('CLUSTER_DATABASE', /no PostgreSQL is reached at localhost:1 from this machine/),
    'bastion-room': error('STORAGE_FULL', /^0 MB free at \S+lonely-machine-state/),
  },
  async arrange(site, undo) {
    const { answers, files } = site
    const below = `.${answers.devUrlsHost}`
    const zone = (name: string) =>
      name === 'cde.local' ? '192.0.2.1' : name.endsWith(below) ? '192.0.2.2' : '192.0.2.3'
    undo.defer((await startNameServer(zone, here, 53)).stop)
    return {
      answers: {
        license: files.free,
        host: 'cde.local',
        kubeconfig: await nowhere(site),
        registry: { ...answers.registry, passwordFile: `${site.scratch}/missing` },
        database: { ...site.database, port: 1 },
      },
      // nobody listens there
      environment: { HTTPS_PROXY: 'http://127.0.0.1:1', NO_PROXY: '' },
      nameServer: here,
      room: 65_536,
    }
  },
}
