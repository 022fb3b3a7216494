import { probeVolume } from '../cluster/volume-probe.ts'
import { probeNamespaces } from '../install/probe-namespaces.ts'
import type { Check } from './check.ts'
import { imageWithNode } from './image-with-node.ts'
import { inPullingNamespace } from './pulling-namespace.ts'
import { classOf } from './storage-class.ts'

/** milliseconds of a write that is on the disk, of the slowest 1 %: above, PostgreSQL is felt to be slow */
const slow = 20

export const volume: Check = {
  id: 'volume',
  title: 'A volume is made, takes writes quickly, and gives back what was written',
  protects: 'rollout',
  why: 'The database and each workspace keep all they have on such a volume.',
  level: 'error',
  after: ['images', 'nodes', 'permissions', 'storage-class'],
  limit: 400_000,
  async run(context, say) {
    const { found } = await classOf(context)
    const storageClass = found?.metadata?.name as string
    // one that is made by hand would be used up by being tried
    if (found?.provisioner === 'kubernetes.io/no-provisioner')
      return { state: 'skipped', found: `volumes of ${storageClass} are made by hand, one for each claim` }
    const namespace = probeNamespaces(context.answers).volume
    const architectures = context.bundle.release.platforms.map((platform) => platform.split('/')[1] as string)
    const { p50, p99, writes, kept } = await inPullingNamespace(context, namespace, (pullSecret) =>
      probeVolume(
        context.cluster(),
        {
          ...{ namespace, storageClass, pullSecret, architectures, image: imageWithNode(context) },
          ...{ timeout: 240_000, patience: 60_000 },
        },
        say,
      ),
    )
    const { flags } = context.cluster()
    const left =
      kept === undefined ? '' : `; its class keeps the volume: kubectl${flags} delete persistentvolume ${kept}`
    const told = `${storageClass}: a write reaches the disk in ${p50} ms (p50), ${p99} ms (p99), of ${writes}${left}`
    if (p99 <= slow) return { state: 'passed', found: told }
    return {
      ...{ state: 'failed', level: 'warning', code: 'CLUSTER_VOLUME_SLOW', found: told },
      needed: `p99 of ${slow} ms at most, for 2300 bytes with fdatasync`,
      fix: `name a faster class as storageClass in the answers: kubectl${flags} get storageclass`,
    }
  },
}
