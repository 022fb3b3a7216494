import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { managerEnvironment } from '../../../services/dev/environment.ts'
import { devSecrets } from '../../../services/dev/secrets.ts'
import type { Postgres } from '../../integration/postgres.ts'
import { type Child, freePort, listening, startChild } from '../child.ts'

/** Replicas of one service, over the same database. */
export interface Replicas {
  name: string
  urls: string[]
  pids: number[]
  stop: () => Promise<void>
}

const scripts = {
  manager: fileURLToPath(new URL('../../../services/manager/server.ts', import.meta.url)),
  bare: fileURLToPath(new URL('./bare.ts', import.meta.url)),
}

/** Two of them, as the chart starts them, but for Kubernetes: nobody answers there. `flags` are Node's, `extra` goes into the environment. */
export async function startReplicas(
  name: keyof typeof scripts,
  scratch: string,
  postgres: Postgres,
  flags: readonly string[],
  extra: Record<string, string> = {},
): Promise<Replicas> {
  const secrets = await devSecrets(join(scratch, 'secrets'))
  await writeFile(secrets.password, postgres.password)
  const children: Child[] = []
  const urls: string[] = []
  const stop = async () => void (await Promise.all(children.map((child) => child.stop())))
  try {
    for (let i = 0; i < 2; i++) {
      const port = await freePort()
      const accessUrl = 'https://cde.example'
      const parts = { directory: scratch, port, accessUrl, envproxyPort: 9, secrets, postgres: database(postgres) }
      const environment = await managerEnvironment({ ...parts, cluster: { found: false, why: 'it is a benchmark' } })
      const log = join(scratch, `${name}-${i}.log`)
      const child = startChild([process.execPath, ...flags, scripts[name]], {
        log,
        environment: { ...definedOf(environment), LOG_LEVEL: 'info', ...extra },
      })
      children.push(child)
      await listening(child, log, port)
      urls.push(`http://127.0.0.1:${port}`)
    }
  } catch (error) {
    await stop()
    throw error
  }
  return { name, urls, pids: children.map(({ pid }) => pid), stop }
}

const database = ({ port, user }: Postgres) => ({ port, user, passwordFile: '', stop: async () => {} })

const definedOf = (environment: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
