import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Cluster } from '../cluster/connection.ts'
import { type StatusContext, statusContext } from './context.ts'
import { type StatusLine, unknown } from './line.ts'
import { backupLines } from './lines/backups.ts'
import { certificateLines } from './lines/certificate.ts'
import { databaseLines } from './lines/database.ts'
import { driftLines } from './lines/drift.ts'
import { eventLines } from './lines/events.ts'
import { ingressLines } from './lines/ingress.ts'
import { keptVolumeLines } from './lines/kept-volumes.ts'
import { licenseLines } from './lines/license.ts'
import { releaseLines } from './lines/release.ts'
import { sessionLines } from './lines/sessions.ts'
import { upgradeLines } from './lines/upgrade.ts'
import { workloadLines } from './lines/workloads.ts'
import { workspaceImageLines } from './lines/workspace-images.ts'
import { workspaceLines } from './lines/workspaces.ts'

/** What is looked at, in the order in which it is shown; each gives one line or more. */
const subjects = [
  { id: 'release', title: 'Release', look: releaseLines },
  { id: 'upgrade', title: 'Last upgrade', look: upgradeLines },
  { id: 'license', title: 'License', look: licenseLines },
  { id: 'workloads', title: 'Workloads', look: workloadLines },
  { id: 'drift', title: 'Changed by hand', look: driftLines },
  { id: 'workspaces', title: 'Workspaces', look: workspaceLines },
  { id: 'workspace-images', title: 'Images of workspaces', look: workspaceImageLines },
  { id: 'sessions', title: 'Sessions', look: sessionLines },
  { id: 'certificate', title: 'Certificate', look: certificateLines },
  { id: 'ingress', title: 'Ingress', look: ingressLines },
  { id: 'database', title: 'Database volume', look: databaseLines },
  { id: 'backups', title: 'Backups', look: backupLines },
  { id: 'database-kept', title: 'Kept volume', look: keptVolumeLines },
  { id: 'events', title: 'Recent warnings', look: eventLines },
] as const satisfies { id: string; title: string; look: (context: StatusContext) => Promise<StatusLine[]> }[]

export interface Status {
  server: string
  namespace: string
  lines: StatusLine[]
  /** why the platform does not run, or why nobody can tell; undefined where it runs */
  error: SealiftError | undefined
}

/** Codes that no other line would fare better than. */
const fatal: ReadonlySet<string> = new Set(['CLUSTER_UNREACHABLE', 'CLUSTER_UNAUTHORIZED', 'CLUSTER_TLS'])

/**
 * Says how an installation is, now. What can't be looked at (a right is missing, a part is not there) is a line that says why.
 * Changes nothing.
 * @throws SealiftError CLUSTER_NOT_INSTALLED; CLUSTER_UNREACHABLE and others where the cluster says nothing at all
 */
export async function readStatus(cluster: Cluster, namespace: string): Promise<Status> {
  const context = statusContext(cluster, namespace)
  await assertInstalled(context)
  const lists = await Promise.all(
    subjects.map(async ({ id, title, look }) => {
      try {
        return await look(context)
      } catch (error) {
        cluster.signal.throwIfAborted()
        if (!(error instanceof SealiftError) || fatal.has(error.code)) throw error
        const { message, why, fix } = error
        return [unknown({ id, title }, why === undefined ? message : `${message}: ${why}`, fix)]
      }
    }),
  )
  const lines = lists.flat()
  return { server: cluster.server, namespace, lines, error: failureOf(lines, context) }
}

/** Where neither Helm nor a receipt knows of an installation, there is none; with too few rights the lines say what is known. */
async function assertInstalled({ cluster, namespace, release, receipt }: StatusContext): Promise<void> {
  const look = async <T>(read: () => Promise<T>) => {
    try {
      return await read()
    } catch (error) {
      if (error instanceof SealiftError && error.code === 'CLUSTER_FORBIDDEN') return 'forbidden'
      throw error
    }
  }
  const [helm, written] = await Promise.all([look(release), look(receipt)])
  if (helm !== undefined) return
  throw new SealiftError('CLUSTER_NOT_INSTALLED', `the platform is not in namespace ${namespace}`, {
    why:
      written === undefined || written === 'forbidden'
        ? `${cluster.server} has no release there`
        : `the data of ${written.release?.name} ${written.release?.version} is there, kept when it was uninstalled`,
    fix: 'name the namespace: --namespace NAME; or install: sealift install --headless --answers answers.yaml',
  })
}

function failureOf(lines: readonly StatusLine[], { cluster, namespace }: StatusContext): SealiftError | undefined {
  const broken = lines.filter(({ state, level }) => state === 'failed' && level === 'error')
  const [first] = broken
  if (first)
    return new SealiftError('CLUSTER_UNHEALTHY', `the platform in ${namespace} does not run as it should`, {
      why: broken.map(({ title, found }) => `${title}: ${found}`).join('; '),
      fix: first.fix,
    })
  // whether people can work is said by either
  const runs = lines.some(({ id, state }) => state === 'passed' && /^(workload|route)-/.test(id))
  if (runs) return undefined
  return new SealiftError('CLUSTER_FORBIDDEN', `whether the platform in ${namespace} runs cannot be known`, {
    why: lines.find(({ id }) => id === 'workloads')?.found,
    fix: `let an administrator grant it, then check: kubectl${cluster.flags} auth can-i --list --namespace ${namespace}`,
  })
}
