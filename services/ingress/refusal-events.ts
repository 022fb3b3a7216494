import { CoreV1Api, type KubeConfig } from '@kubernetes/client-node'
import type { Refused } from './model.ts'
import type { Log } from './nginx.ts'

/** Most events written after one change: a storm of bad objects must not become a storm of events. */
const most = 20

/** Tells of each refused part once: in the log, and as an event at the object, where `kubectl describe` shows it. */
export function createRefusalReporter(
  kubeConfig: KubeConfig,
  reporter: string,
  log: Log,
): (refused: Refused[]) => void {
  const api = kubeConfig.makeApiClient(CoreV1Api)
  let known = new Set<string>()
  return (refused) => {
    const keyed = new Map(refused.map((each) => [JSON.stringify(each), each]))
    const fresh = [...keyed].filter(([key]) => !known.has(key)).map(([, each]) => each)
    known = new Set(keyed.keys())
    for (const { kind, namespace, name, reason } of fresh) log.warn({ kind, namespace, name, reason }, 'left out')
    for (const { kind, namespace, name, reason } of fresh.slice(0, most)) {
      const now = new Date()
      const body = {
        metadata: { generateName: `${name.slice(0, 40)}.`, namespace },
        involvedObject: { apiVersion: 'networking.k8s.io/v1', kind, namespace, name },
        type: 'Warning',
        reason: 'LeftOut',
        message: reason.slice(0, 1000),
        source: { component: reporter },
        firstTimestamp: now,
        lastTimestamp: now,
        count: 1,
      }
      api
        .createNamespacedEvent({ namespace, body })
        .catch((error: Error) => log.info({ error: error.message.slice(0, 200) }, 'event not written'))
    }
  }
}
