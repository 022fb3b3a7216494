import { atOnce } from '@sealift/bundle-spec/at-once.ts'
import { lookFromNode, type NodesSeen } from '../cluster/node-look.ts'
import type { PodQuestions } from '../cluster/pod-program.ts'
import type { InstallContext } from '../install/context.ts'
import { probeNamespaces } from '../install/probe-namespaces.ts'
import { siteNodes } from '../install/site-nodes.ts'
import { smallCa } from '../install/small-file.ts'
import type { Check, Finding } from './check.ts'
import { imageWithNode } from './image-with-node.ts'
import { listed } from './listed.ts'
import { inPullingNamespace } from './pulling-namespace.ts'
import { unclaimed } from './unclaimed.ts'

/** nodes that a pod looks from, and how many of them at once */
const most = { nodes: 32, atOnce: 8 }

/** What the name of the API server is for every pod (Kubernetes, "Accessing the API from within a Pod"). */
export const apiName = 'kubernetes.default.svc'

/** One pod on each node looks at all that others judge: one pull and one start for each. */
export const pods: Check = {
  id: 'pods',
  title: 'A pod runs on each node',
  protects: 'rollout',
  why: 'Pods that land on a node whose container runtime or network plugin is broken do not start.',
  level: 'error',
  after: ['images', 'nodes', 'permissions'],
  limit: 400_000,
  async run(context) {
    const { answers, seen } = context
    const names = (await siteNodes(context)).fitting.map(({ metadata }) => metadata?.name as string)
    const questions = questionsOf(context)
    const namespace = probeNamespaces(answers).pods
    const image = imageWithNode(context)
    const looks = await inPullingNamespace(context, namespace, (pullSecret) =>
      atOnce(most.atOnce, [...names.slice(0, most.nodes).entries()], async ([i, node]) => {
        const pod = { namespace, name: `look-${i}`, node, image, pullSecret }
        return { node, saw: await lookFromNode(context.cluster(), { ...pod, questions, timeout: 180_000 }) }
      }),
    )
    const told = looks.flatMap(({ node, saw }) => ('unpulled' in saw ? [] : [{ node, facts: saw }]))
    const unpulled = looks.flatMap(({ node, saw }) => ('unpulled' in saw ? [{ node, message: saw.unpulled }] : []))
    seen.nodes = { told, unpulled, others: Math.max(0, names.length - most.nodes) }
    const without = unpulled.length === 0 ? '' : `; without the image: ${listed(unpulled.map(({ node }) => node))}`
    if (told.length === 0) return { state: 'skipped', found: `no node pulled the image${without}` }
    return { state: 'passed', found: `on ${told.length} of ${names.length} nodes${without}` }
  },
}

function questionsOf({ answers }: InstallContext): PodQuestions {
  const { caFile, plainHttp } = answers.registry
  return {
    names: [apiName, unclaimed(), ...siteNames(answers)],
    api: `https://${apiName}/version`,
    registry: `${plainHttp ? 'http' : 'https'}://${registryHost(answers)}/v2/`,
    registryCa: caFile === undefined ? undefined : smallCa(caFile, 'registry.caFile'),
  }
}

/** The registry as the answers name it, without a path: `host[:port]`. */
export const registryHost = ({ registry }: InstallContext['answers']): string =>
  registry.address.split('/', 1)[0] as string

/** Names of the site that pods may look for; addresses are none. */
function siteNames(answers: InstallContext['answers']): string[] {
  const { host, devUrlsHost, editorsHost } = answers
  const { hostname } = new URL(`http://${registryHost(answers)}`)
  return [
    host,
    ...(devUrlsHost === undefined ? [] : [`${unclaimed()}.${devUrlsHost}`]),
    ...(editorsHost === undefined || devUrlsHost !== undefined ? [] : [editorsHost]),
    ...(/^[\d.]+$|^\[/.test(hostname) ? [] : [hostname]),
  ]
}

/** What pods told, each of the node that it ran on. */
export type Told = NodesSeen['told']

/** Judges what the pods told, in a check that comes after `pods`. */
export const fromPods =
  (judge: (told: Told, context: InstallContext) => Finding): Check['run'] =>
  async (context) => {
    const told = context.seen.nodes?.told ?? []
    return told.length === 0 ? { state: 'skipped', found: 'no pod told anything' } : judge(told, context)
  }

/** Nodes as the subject of a sentence on their pods: "on a and 3 more". */
export const onNodes = (told: Told): string => `on ${listed(told.map(({ node }) => node))}`
