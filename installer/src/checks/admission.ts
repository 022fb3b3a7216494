import type { V1PodSpec } from '@kubernetes/client-node'
import { atOnce } from '@sealift/bundle-spec/at-once.ts'
import { findNamespace, podSecurity } from '../cluster/apply.ts'
import { dryRunApply, dryRunPod, type Verdict } from '../cluster/dry-run.ts'
import { apiResources } from '../cluster/permissions.ts'
import { inProbeNamespace } from '../cluster/probe-namespace.ts'
import type { InstallContext } from '../install/context.ts'
import { probeNamespaces } from '../install/probe-namespaces.ts'
import { chartPods } from './chart-pods.ts'
import type { Check } from './check.ts'
import { listed } from './listed.ts'

/** requests at once: each may go through several webhooks */
const lanes = 6

/**
 * Kubernetes refuses a dry run into a namespace that is not there: then one with the same labels stands in for it, which is
 * removed afterwards. In a namespace that is there, its own quotas, limits and webhooks have their say.
 */
export const admission: Check = {
  id: 'admission',
  title: 'The cluster lets in every object and pod of the chart, as it is',
  protects: 'deploy',
  why: 'Policies, quotas and webhooks of the cluster would refuse what is installed half way, or change what the vendor signed.',
  level: 'error',
  after: ['namespace', 'permissions', 'leftovers'],
  limit: 120_000,
  async run(context) {
    const { cluster, answers } = context
    const there = await findNamespace(cluster(), answers.namespace)
    if (there) return judged(context, await tried(context, answers.namespace))
    const standIn = probeNamespaces(answers).admission
    return judged(context, await inProbeNamespace(cluster(), standIn, () => tried(context, standIn), podSecurity))
  },
}

interface Tried extends Verdict {
  what: string
  /** what the webhooks of the cluster make of it */
  rewritten?: string
}

async function tried(context: InstallContext, namespace: string): Promise<Tried[]> {
  const objects = await context.objects()
  const find = apiResources(context.cluster())
  const applied = await atOnce(lanes, objects, async (object) => {
    const { apiVersion, kind, metadata } = object
    const resource = await find(apiVersion, kind)
    const isTest = /(^|,)test(-|,|$)/.test(metadata?.annotations?.['helm.sh/hook'] ?? '')
    if (!resource || metadata?.name === undefined || isTest) return []
    return [
      { what: `${kind} ${metadata.name}`, ...(await dryRunApply(context.cluster(), resource, object, namespace)) },
    ]
  })
  const pods = await atOnce(lanes, chartPods(objects), async ({ kind, name, spec, metadata }) => {
    const verdict = await dryRunPod(context.cluster(), namespace, metadata, spec)
    const rewritten = verdict.kept?.spec && changesTo(spec, verdict.kept.spec)
    return { what: `a pod of ${kind} ${name}`, ...verdict, ...(rewritten ? { rewritten } : {}) }
  })
  return [...applied.flat(), ...pods]
}

/** What somebody made of a pod that the vendor did not sign: other images, containers beside its own. */
function changesTo(before: V1PodSpec, after: V1PodSpec): string | undefined {
  const known = new Map(
    [...before.containers, ...(before.initContainers ?? [])].map(({ name, image }) => [name, image]),
  )
  const all = [...after.containers, ...(after.initContainers ?? [])]
  const added = all.filter(({ name }) => !known.has(name)).map(({ name }) => `gets a container ${name}`)
  const other = all
    .filter(({ name, image }) => known.has(name) && known.get(name) !== image)
    .map(({ name, image }) => `gets the image ${image} for ${name}`)
  return [...other, ...added].join(', ') || undefined
}

function judged({ cluster, upgrades }: InstallContext, all: readonly Tried[]) {
  const said = (pick: (one: Tried) => string | undefined) =>
    all.flatMap((one) => {
      const text = pick(one)
      return text === undefined ? [] : [`${one.what}: ${text}`]
    })
  const failed = { state: 'failed', code: 'CLUSTER_ADMISSION', needed: 'all of them, as they are' } as const
  // an upgrade makes it anew, and has tried that on its own
  const refused = said(({ refused, immutable }) => (upgrades && immutable ? undefined : refused))
  if (refused.length > 0)
    return {
      ...failed,
      found: `of ${all.length}, ${refused.length} would be refused: ${listed(refused, 3)}`,
      fix: `ask whoever owns what refuses them for an exception; see: kubectl${cluster().flags} get validatingwebhookconfigurations,validatingadmissionpolicies,resourcequotas,limitranges -A`,
    }
  const odd = [
    ...said(({ rewritten }) => rewritten),
    ...said(({ untold }) => untold),
    ...new Set(all.flatMap(({ warnings }) => warnings)),
  ]
  if (odd.length === 0) return { state: 'passed', found: `${all.length} objects and pods, by a dry run` } as const
  return {
    ...failed,
    level: 'warning',
    found: listed(odd, 4),
    fix: `see who changes or warns: kubectl${cluster().flags} get mutatingwebhookconfigurations`,
  } as const
}
