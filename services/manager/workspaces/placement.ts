import { EngineRefusal, type WorkspaceSpec } from './engine.ts'

/** Where workspaces may run, and by which name the cluster counts GPUs. */
export type Placement = {
  nodeSelector: Record<string, string>
  tolerations: Toleration[]
  /** an extended resource such as `nvidia.com/gpu`; undefined where the site has no GPUs */ gpuResource:
    | string
    | undefined
}

/** A toleration as pods have it (Kubernetes API, core/v1). */
export type Toleration = {
  key?: string
  operator?: 'Exists' | 'Equal'
  value?: string
  effect?: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute'
  tolerationSeconds?: number
}

const most = 64
const prefix = '(?:[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*/)'
const word = '[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?'
const labelKey = new RegExp(`^${prefix}?${word}$`)
const labelValue = new RegExp(`^(?:${word})?$`)
const resource = new RegExp(`^${prefix}${word}$`)
const effects: readonly unknown[] = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']
const tolerationFields: readonly string[] = ['key', 'operator', 'value', 'effect', 'tolerationSeconds']

/**
 * Reads WORKSPACE_NODE_SELECTOR (a JSON object of labels), WORKSPACE_TOLERATIONS (a JSON array) and
 * WORKSPACE_GPU_RESOURCE by the rules that Kubernetes has for them, so that a mistake stops the manager when it starts and
 * not each workspace later.
 * @throws Error that names the variable at fault
 */
export function readPlacement(env: NodeJS.ProcessEnv): Placement {
  const nodeSelector = json(env, 'WORKSPACE_NODE_SELECTOR') ?? {}
  if (!isObject(nodeSelector) || Object.keys(nodeSelector).length > most)
    throw new Error('WORKSPACE_NODE_SELECTOR is not a JSON object of labels')
  for (const [key, value] of Object.entries(nodeSelector))
    if (!labelKey.test(key) || typeof value !== 'string' || !labelValue.test(value))
      throw new Error(`WORKSPACE_NODE_SELECTOR: ${key} and its value are not a label of Kubernetes`)
  const tolerations = json(env, 'WORKSPACE_TOLERATIONS') ?? []
  if (!Array.isArray(tolerations) || tolerations.length > most)
    throw new Error('WORKSPACE_TOLERATIONS is not a JSON array of tolerations')
  for (const [index, one] of tolerations.entries()) {
    const fault = tolerationFault(one)
    if (fault !== undefined) throw new Error(`WORKSPACE_TOLERATIONS: number ${index + 1} ${fault}`)
  }
  const gpuResource = env.WORKSPACE_GPU_RESOURCE?.trim() || undefined
  if (gpuResource !== undefined && (!resource.test(gpuResource) || gpuResource.includes('kubernetes.io/')))
    throw new Error('WORKSPACE_GPU_RESOURCE is not the name of an extended resource, such as nvidia.com/gpu')
  return { nodeSelector: nodeSelector as Record<string, string>, tolerations: tolerations as Toleration[], gpuResource }
}

/**
 * Where a workspace's pod may run. One with GPUs also tolerates the taint that keeps others off nodes with GPUs, which by
 * custom has the name of the resource (Kubernetes, admission plugin ExtendedResourceToleration).
 */
export function placementOf(
  { gpus = 0 }: Pick<WorkspaceSpec, 'gpus'>,
  { nodeSelector = {}, tolerations = [], gpuResource }: Partial<Placement>,
): { nodeSelector?: Record<string, string>; tolerations?: Toleration[] } {
  const all: Toleration[] = [...tolerations]
  if (gpus > 0 && gpuResource !== undefined) all.push({ key: gpuResource, operator: 'Exists', effect: 'NoSchedule' })
  return {
    ...(Object.keys(nodeSelector).length > 0 ? { nodeSelector } : {}),
    ...(all.length > 0 ? { tolerations: all } : {}),
  }
}

/** The GPUs of a workspace as a quantity of a resource. @throws EngineRefusal at a site without */
export function gpusOf(
  { gpus = 0 }: Pick<WorkspaceSpec, 'gpus'>,
  { gpuResource }: Partial<Placement>,
): Record<string, string> {
  if (gpus === 0) return {}
  if (gpuResource === undefined)
    throw new EngineRefusal('this site has no GPUs any more: set gpus to 0, or ask an administrator')
  return { [gpuResource]: String(gpus) }
}

/** What Kubernetes would refuse a toleration for. */
function tolerationFault(one: unknown): string | undefined {
  if (!isObject(one)) return 'is not an object'
  const unknown = Object.keys(one).find((field) => !tolerationFields.includes(field))
  if (unknown !== undefined) return `has a field ${unknown}`
  const { key, operator = 'Equal', value, effect, tolerationSeconds } = one
  if (operator !== 'Equal' && operator !== 'Exists') return 'has an operator other than Equal and Exists'
  if (key === undefined ? operator !== 'Exists' : typeof key !== 'string' || !labelKey.test(key))
    return 'has no key, or one that is none; without a key its operator is Exists'
  if (value !== undefined && (typeof value !== 'string' || !labelValue.test(value))) return 'has a value that is none'
  if (operator === 'Exists' && value) return 'has a value beside the operator Exists'
  if (effect !== undefined && !effects.includes(effect)) return `has an effect other than ${effects.join(', ')}`
  if (tolerationSeconds !== undefined && (effect !== 'NoExecute' || !Number.isInteger(tolerationSeconds)))
    return 'has tolerationSeconds that are no integer, or no effect NoExecute'
  return undefined
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function json(env: NodeJS.ProcessEnv, name: string): unknown {
  const text = env[name]?.trim()
  if (!text) return undefined
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new Error(`${name} is not JSON`, { cause })
  }
}
