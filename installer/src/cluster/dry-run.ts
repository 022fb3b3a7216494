import { setTimeout } from 'node:timers/promises'
import type { KubernetesObject, V1PodSpec } from '@kubernetes/client-node'
import { fieldManager } from './apply.ts'
import type { Answered, Cluster } from './connection.ts'
import type { ApiResource } from './permissions.ts'

/** What an API server says of an object that it did not keep. */
export interface Verdict {
  /** why it would refuse it */
  refused?: string
  /** that is so because a field cannot be changed */
  immutable?: true
  /** why it could not be told: a webhook that does not support dry runs */
  untold?: string
  /** what it warns of: deprecated APIs, pods that a policy would not let in */
  warnings: string[]
  /** the object as it would be kept */
  kept?: KubernetesObject & { spec?: V1PodSpec }
}

/**
 * Applies an object without keeping it: every admission plugin, policy and webhook has its say (Kubernetes API concepts,
 * "Dry-run"; Server-Side Apply). With `namespace`, as if the object were in that one.
 */
export async function dryRunApply(
  cluster: Cluster,
  { group, resource, namespaced }: ApiResource,
  object: KubernetesObject,
  namespace: string,
): Promise<Verdict> {
  const { apiVersion = '', metadata } = object
  const base = group === '' ? `/api/${apiVersion}` : `/apis/${apiVersion}`
  const path = `${base}${namespaced ? `/namespaces/${namespace}` : ''}/${resource}/${metadata?.name}`
  const body = namespaced ? { ...object, metadata: { ...metadata, namespace } } : object
  const query = { dryRun: 'All', fieldManager, force: 'true' }
  return verdictOf(await cluster.ask('PATCH', path, { body, query, type: 'application/apply-patch+yaml' }))
}

/**
 * Creates a pod without keeping it, by the template of what runs it: quotas, limits, Pod Security and webhooks look at pods,
 * not at what makes them. Its account is left out, since that is not there yet; a new namespace's own is waited for.
 */
export async function dryRunPod(
  cluster: Cluster,
  namespace: string,
  metadata: KubernetesObject['metadata'],
  { serviceAccountName: _, serviceAccount: __, ...spec }: V1PodSpec,
): Promise<Verdict> {
  const body = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...metadata, namespace, generateName: 'sealift-check-' },
    spec,
  }
  for (let i = 0; ; i++) {
    const answer = await cluster.ask('POST', `/api/v1/namespaces/${namespace}/pods`, { body, query: { dryRun: 'All' } })
    if (answer.status !== 403 || !/serviceaccount/.test(answer.text) || i === 20) return verdictOf(answer)
    await setTimeout(250, undefined, { signal: cluster.signal })
  }
}

function verdictOf({ status, headers, text }: Answered): Verdict {
  const warnings = warningsIn(headers.warning ?? '')
  if (status < 300) return { warnings, kept: JSON.parse(text) }
  const message = messageOf(text)
  if (/does not support dry run/.test(message)) return { warnings, untold: message }
  return { warnings, refused: message, ...(status === 422 && cannotChange.test(message) ? { immutable: true } : {}) }
}

/** What API servers say of a field that is as it is for ever. */
export const cannotChange =
  /immutable|for fields other than|(may|can) ?not (be )?(change|update|modif)|updates? to .* (is|are) forbidden|may only be set at creation/i

function messageOf(text: string): string {
  try {
    return String((JSON.parse(text) as { message?: unknown }).message ?? text).slice(0, 500)
  } catch {
    return text.slice(0, 500)
  }
}

/** The texts of a Warning header (RFC 7234, 5.5): `299 - "text"`. */
const warningsIn = (header: string): string[] =>
  [...header.matchAll(/\b299 \S+ "((?:[^"\\]|\\.)*)"/g)].map(([, text = '']) => text.replace(/\\(.)/g, '$1'))
