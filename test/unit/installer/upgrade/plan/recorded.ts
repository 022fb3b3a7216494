import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { KubernetesObject } from '@kubernetes/client-node'

// biome-ignore lint/suspicious/noExplicitAny: what an API server answered
const recorded = (name: string): any => JSON.parse(readFileSync(join(import.meta.dirname, 'recorded', name), 'utf8'))

/**
 * What Kubernetes 1.34 answered to server-side dry runs as the manager helm. Its names say what was tried: another value for
 * a field that cannot be changed, or the same object after it was changed by hand.
 */
export const refusals: Record<string, { code: number; message: string }> = recorded('refusals.json')

/**
 * A Deployment that Helm 4.1.4 installed, after kubectl edit (an env value), scale, annotate, set env and set image; and what
 * a dry run of its own manifest by force made of it.
 */
export const changedByHand = (): { live: KubernetesObject; restored: KubernetesObject } =>
  recorded('changed-by-hand.json')
