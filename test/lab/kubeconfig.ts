import { readFile, writeFile } from 'node:fs/promises'
import type { Credential } from './certificates.ts'

/** Writes a kubeconfig (JSON is YAML) that carries its certificates inside, readable by its owner only. */
export async function writeKubeconfig(
  path: string,
  cluster: { name: string; server: string; authority: Credential },
  user: { name: string; credential: Credential },
): Promise<void> {
  const data = async (file: string) => (await readFile(file)).toString('base64')
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: cluster.name,
        cluster: {
          server: cluster.server,
          'certificate-authority-data': await data(cluster.authority.certificateFile),
        },
      },
    ],
    users: [
      {
        name: user.name,
        user: {
          'client-certificate-data': await data(user.credential.certificateFile),
          'client-key-data': await data(user.credential.keyFile),
        },
      },
    ],
    contexts: [{ name: cluster.name, context: { cluster: cluster.name, user: user.name } }],
    'current-context': cluster.name,
  }
  await writeFile(path, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 })
}
