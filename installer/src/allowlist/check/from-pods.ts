import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { imageWithNode } from '../../checks/image-with-node.ts'
import { applySecret } from '../../cluster/apply.ts'
import { inProbeNamespace } from '../../cluster/probe-namespace.ts'
import type { ProbePod } from '../../cluster/probe-pod.ts'
import { secretNames } from '../../install/chart-values.ts'
import type { InstallContext } from '../../install/context.ts'
import { tryingNamespace } from '../../install/probe-namespaces.ts'
import { pullSecret } from '../../install/pull-secret.ts'
import { siteNodes } from '../../install/site-nodes.ts'
import { runAttempts } from './attempt-pod.ts'
import { loginVariable } from './attempt-program.ts'
import type { TryAll } from './check.ts'
import type { Means } from './trial.ts'

export interface PodMeans extends Pick<Means, 'limit' | 'ca'> {
  /** `user:password` */
  login: string | undefined
  /** milliseconds after which a policy counts for a new pod, where the network is slow to take it up */
  settle: number
}

/** nodes that are tried from */
const mostNodes = 32
const secret = 'proxy-login'
const user = { pods: 'manager', workspaces: 'workspaces' } as const

/**
 * Tries from a pod that is held to the network policy of the manager (`pods`) or of workspaces, as the chart renders it with the
 * site's values: so it is the same before and after an installation. Nothing stays of it.
 * @throws SealiftError CLUSTER_*, and what rendering the chart throws
 */
export const fromPods =
  (context: InstallContext, place: 'pods' | 'workspaces', means: PodMeans): TryAll =>
  async (trials, tell) => {
    const cluster = context.cluster()
    const egress = await egressOf(context, user[place])
    await inTryingNamespace(context, means, {}, async (pod) => {
      if (egress !== undefined) await allowOnly(context, pod.namespace, egress)
      const settle = egress === undefined ? 0 : means.settle
      await runAttempts(cluster, { ...pod, name: `try-${place}` }, { ...means, settle }, trials, (at, attempt) =>
        tell(at, attempt),
      )
    })
  }

/**
 * Tries from the network of each node, with its name servers: from there its container runtime pulls. A cluster that takes no
 * pods there is no failure; why is returned.
 * @throws SealiftError CLUSTER_*
 */
export const fromNodes =
  (context: InstallContext, means: PodMeans): TryAll =>
  async (trials, tell) => {
    const cluster = context.cluster()
    const nodes = (await siteNodes(context)).fitting.map(({ metadata }) => metadata?.name as string)
    if (nodes.length === 0) return { why: 'no node takes pods that the images run on' }
    const privileged = { 'pod-security.kubernetes.io/enforce': 'privileged' }
    try {
      return await inTryingNamespace(context, means, privileged, async (pod) => {
        for (const [i, node] of nodes.slice(0, mostNodes).entries()) {
          const there = { ...pod, name: `try-node-${i}`, node, hostNetwork: true }
          await runAttempts(cluster, there, { ...means, settle: 0 }, trials, (at, attempt) => tell(at, attempt, node))
        }
        return undefined
      })
    } catch (error) {
      if (!(error instanceof SealiftError) || error.code !== 'CLUSTER_FORBIDDEN') throw error
      return {
        why: `the cluster takes no pod into the network of a node (${error.why ?? error.message}): try it there by hand`,
      }
    }
  }

async function inTryingNamespace<T>(
  context: InstallContext,
  { login }: PodMeans,
  labels: Readonly<Record<string, string>>,
  work: (pod: Pick<ProbePod, 'namespace' | 'image' | 'pullSecret' | 'env'>) => Promise<T>,
): Promise<T> {
  const { answers } = context
  const cluster = context.cluster()
  const namespace = tryingNamespace(answers)
  const run = async () => {
    const pull = pullSecret(answers)
    if (pull) await applySecret(cluster, namespace, secretNames.registry, pull.type, pull.values)
    if (login !== undefined) await applySecret(cluster, namespace, secret, 'Opaque', { login })
    const env = { name: loginVariable, valueFrom: { secretKeyRef: { name: secret, key: 'login' } } }
    return await work({
      ...{ namespace, image: imageWithNode(context), pullSecret: pull && secretNames.registry },
      ...(login === undefined ? {} : { env: [env] }),
    })
  }
  return await inProbeNamespace(cluster, namespace, run, labels)
}

interface Policy {
  kind: string
  metadata?: { labels?: Record<string, string> }
  spec?: { egress?: unknown[] }
}

/** Where the chart lets a part of the platform go to; undefined where it has no policies. */
async function egressOf(context: InstallContext, component: string): Promise<unknown[] | undefined> {
  const policies = ((await context.objects()) as Policy[]).filter(
    ({ kind, metadata }) => kind === 'NetworkPolicy' && metadata?.labels?.['app.kubernetes.io/component'] === component,
  )
  return policies.length === 0 ? undefined : policies.flatMap(({ spec }) => spec?.egress ?? [])
}

/** As it stands: the client would leave out fields that it names otherwise (`except`). */
async function allowOnly(context: InstallContext, namespace: string, egress: unknown[]): Promise<void> {
  const { raw, request } = context.cluster()
  const body = {
    ...{ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'as-the-platform', namespace } },
    spec: { podSelector: {}, policyTypes: ['Egress'], egress },
  }
  const path = `/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies`
  await request(`create NetworkPolicy ${namespace}/as-the-platform`, () => raw('POST', path, { body }))
}
