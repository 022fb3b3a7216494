import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { ReleaseImage } from '@sealift/bundle-spec/release.ts'
import { applySecret } from '../../cluster/apply.ts'
import { usableNodes } from '../../cluster/node-pull.ts'
import { probePolicies } from '../../cluster/policy-probe.ts'
import { inProbeNamespace } from '../../cluster/probe-namespace.ts'
import { secretNames, siteRepository } from '../chart-values.ts'
import type { InstallContext } from '../context.ts'
import { isDeployed } from '../deployed.ts'
import type { Stage } from '../engine.ts'
import { probeNamespaces } from '../probe-namespaces.ts'
import { pullSecret } from '../pull-secret.ts'
import { runsOn } from '../runs-on.ts'

export const networkPolicyStage: Stage<InstallContext> = {
  id: 'network-policy',
  title: 'Try whether network policies hold',
  inPlace: 'the platform runs already, or its chart has no policies',
  needed: async (context) =>
    (await context.objects()).some(({ kind }) => kind === 'NetworkPolicy') && !(await isDeployed(context)),
  async run(context, report) {
    const { cluster, answers } = context
    try {
      await probe(context)
      report.info('a pod is cut off from another one by policies, on the way in and on the way out')
    } catch (error) {
      const known = error instanceof SealiftError && unproven.includes(error.code)
      if (!known || !answers.acceptWithoutNetworkPolicy || cluster().signal.aborted) throw error
      report.warn(`${error.message} (${error.why}); the answers accept that`)
    }
  },
}

/** Codes of what `acceptWithoutNetworkPolicy` accepts. */
const unproven = ['CLUSTER_NETWORK_POLICY', 'CLUSTER_POLICY_PROBE']

async function probe({ cluster, answers, bundle }: InstallContext): Promise<void> {
  const { core, request } = cluster()
  const nodes = usableNodes((await request('list nodes', () => core.listNode({ limit: 1000 }))).items)
  const { images, platforms } = bundle.release
  const names = nodes
    .filter(({ status }) => status?.nodeInfo !== undefined && runsOn(platforms, status.nodeInfo))
    .map((node) => node.metadata?.name as string)
  // any that has Node.js; this one is needed on some node anyway
  const { reference, digest } = (images.find(({ name }) => name === 'manager') ?? images[0]) as ReleaseImage
  const namespace = probeNamespaces(answers).policy
  await inProbeNamespace(cluster(), namespace, async () => {
    const pull = pullSecret(answers)
    if (pull) await applySecret(cluster(), namespace, secretNames.registry, pull.type, pull.values)
    await probePolicies(cluster(), {
      namespace,
      nodes: { server: names[0] as string, clients: names.at(-1) as string },
      image: `${siteRepository(reference, answers.registry.address)}@${digest}`,
      pullSecret: pull ? secretNames.registry : undefined,
      timeout: 180_000,
      settle: 60_000,
    })
  })
}
