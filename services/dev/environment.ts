import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { repositoryOf } from '@sealift/bundle-spec/graph.ts'
import type { Cluster } from './cluster.ts'
import { devUrlsHost } from './origin.ts'
import type { DevPostgres } from './postgres.ts'
import type { DevSecrets } from './secrets.ts'

type Parts = {
  directory: string
  port: number
  accessUrl: string
  envproxyPort: number
  secrets: DevSecrets
  postgres: DevPostgres
  cluster: Cluster
}

/** What the chart would give the manager, for loopback. Without a cluster it gets one that nobody answers for. */
export async function managerEnvironment(parts: Parts): Promise<NodeJS.ProcessEnv> {
  const { directory, port, accessUrl, envproxyPort, secrets, postgres, cluster } = parts
  const nowhere = join(directory, 'no-cluster.json')
  const nobody = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'none',
    clusters: [{ name: 'none', cluster: { server: 'https://127.0.0.1:9' } }],
    users: [{ name: 'none', user: {} }],
    contexts: [{ name: 'none', context: { cluster: 'none', user: 'none' } }],
  }
  await writeFile(nowhere, JSON.stringify(nobody))
  const workspace = cluster.found ? cluster.image : 'registry.sealift.example/cde/workspace:none'
  const images = repositoryOf(workspace).replace(/\/[^/]*$/, '')
  return {
    ...process.env,
    PORT: String(port),
    HOST: '127.0.0.1',
    TRUSTED_PROXIES: '127.0.0.1',
    LOG_LEVEL: process.env.LOG_LEVEL ?? 'warn',
    PGHOST: '127.0.0.1',
    PGPORT: String(postgres.port),
    PGUSER: postgres.user,
    PGDATABASE: 'postgres',
    PGPASSWORD_FILE: secrets.password,
    ADMIN_PASSWORD_FILE: secrets.admin,
    TICKET_KEY_FILE: secrets.ticket,
    INTERNAL_KEY_FILE: secrets.internal,
    LICENSE_KEYS_FILE: process.env.LICENSE_KEYS_FILE ?? secrets.licenseKeys,
    ACCESS_URL: accessUrl,
    DEVURLS_HOST: devUrlsHost,
    ENVPROXY_URL: `http://127.0.0.1:${envproxyPort}`,
    WORKSPACE_NAMESPACE: cluster.found ? cluster.namespace : 'none',
    // as if images came from where they are published: then no license is needed
    PUBLISHED_AT: `https://${images}`,
    MANAGER_IMAGE: `${images}/manager`,
    WORKSPACE_IMAGE: workspace,
    KUBECONFIG: cluster.found ? cluster.kubeconfig : nowhere,
  }
}
