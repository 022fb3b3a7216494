import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { SiteNetwork } from './network.ts'
import type { ProcessRecord } from './process.ts'

/** Where one lab keeps everything, and the names that nothing else on this machine has. */
export type LabState = {
  name: string
  /** 6 hex digits that differ for each state directory */
  id: string
  directory: string
  /** network namespace, and name of the CNI network */
  namespace: string
  cgroup: string
  kubeconfig: string
}

export const defaultName = process.env.SEALIFT_LAB ?? 'sealift'

/** The places and names of the lab `name`; nothing is created. */
export function labState(name: string = defaultName): LabState {
  if (!/^[a-z][a-z0-9-]{0,19}$/.test(name))
    throw new SealiftError('USAGE_LAB_NAME', `${JSON.stringify(name)} is no name for a lab`, {
      fix: 'use up to 20 lower-case letters, digits and dashes',
    })
  const directory = resolve(process.env.SEALIFT_STATE ?? '/var/lib/sealift-lab', name)
  const id = createHash('sha256').update(directory).digest('hex').slice(0, 6)
  return {
    name,
    id,
    directory,
    namespace: `${name}-${id}`,
    cgroup: `sealift-lab-${id}`,
    kubeconfig: join(directory, 'kubeconfig'),
  }
}

/** Writes a file so that a reader sees the old content or the new, never a part. */
export async function replaceFile(path: string, content: string, mode = 0o600): Promise<void> {
  const partial = `${path}.${randomBytes(4).toString('hex')}`
  await writeFile(partial, content, { mode })
  await rename(partial, path)
}

export async function recordProcess(state: LabState, record: ProcessRecord): Promise<void> {
  await mkdir(join(state.directory, 'processes'), { recursive: true })
  await replaceFile(join(state.directory, 'processes', `${record.name}.json`), JSON.stringify(record))
}

/** The processes that this lab started, whether they still run or not. */
export function recordedProcesses(state: LabState): ProcessRecord[] {
  const directory = join(state.directory, 'processes')
  if (!existsSync(directory)) return []
  return readdirSync(directory)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(directory, name), 'utf8')) as ProcessRecord)
}

/** What `up` leaves when, and only when, it came to its end. */
export type Ready = { network: SiteNetwork; bootSeconds: number }

export function readReady(state: LabState): Ready | undefined {
  const path = join(state.directory, 'ready.json')
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Ready) : undefined
}

export async function writeReady(state: LabState, ready: Ready): Promise<void> {
  await replaceFile(join(state.directory, 'ready.json'), JSON.stringify(ready))
}
