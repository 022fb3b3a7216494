import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { CheckSite } from './check-site.ts'

/** Path of a kubeconfig that leads to a port of the node at which nobody listens. */
export async function nowhere({ site, scratch }: CheckSite): Promise<string> {
  const config = JSON.parse(await readFile(site.kubeconfig, 'utf8'))
  const server = new URL(config.clusters[0].cluster.server)
  server.port = '2'
  config.clusters[0].cluster.server = server.origin
  const file = join(scratch, 'nowhere')
  await writeFile(file, JSON.stringify(config), { mode: 0o600 })
  return file
}
