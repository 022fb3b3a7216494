import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Lab } from './lab.ts'
import { replaceFile } from './state.ts'

/** milliseconds until what somebody left in a lab must be gone */
const patience = 60_000
/** namespaces of Kubernetes itself, in which nobody installs */
const systems = /^kube-/
/** kinds that go by themselves with what they belong to */
const followers = ['PersistentVolume', 'IPAddress']

export type ClusterObject = { kind: string; namespace: string | undefined; name: string }

/** All that can be listed and deleted, by kubectl; events and leases tell of what happened. */
export async function everyObject(lab: Lab): Promise<ClusterObject[]> {
  const kinds = (await lab.kubectl(['api-resources', '--verbs=list,delete', '--output=name'])).split('\n')
  const listed = kinds.filter((kind) => kind && !/^(events|leases)\b/.test(kind)).join(',')
  const columns = 'custom-columns=K:.kind,S:.metadata.namespace,N:.metadata.name'
  const text = await lab.kubectl(['get', listed, '--all-namespaces', '--no-headers', `--output=${columns}`])
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [kind = '', namespace, name = ''] = line.trim().split(/\s+/)
      return { kind, namespace: namespace === '<none>' ? undefined : namespace, name }
    })
}

export const nameOf = ({ kind, namespace, name }: ClusterObject): string => `${kind} ${namespace ?? '<none>'} ${name}`

const record = (lab: Lab): string => join(lab.stateDirectory, 'bare.json')
const nodesOf = (lab: Lab) =>
  lab.kubectl(['get', 'nodes', '--output=jsonpath={.items[*].spec}{.items[*].metadata.labels}'])

/** Remembers a new lab as it is now. */
export async function rememberBare(lab: Lab): Promise<void> {
  const [objects, nodes] = await Promise.all([everyObject(lab), nodesOf(lab)])
  await replaceFile(record(lab), JSON.stringify({ objects: objects.map(nameOf), nodes }))
}

/**
 * Makes a lab as it was when it was new: objects, volumes, and the registries that its node trusts. Images stay on the
 * node. Throws where something does not go within a minute, or the node is another one than it was.
 */
export async function makeBare(lab: Lab): Promise<void> {
  const known = JSON.parse(await readFile(record(lab), 'utf8')) as { objects: string[]; nodes: string }
  if ((await nodesOf(lab)) !== known.nodes) throw new Error('the node is not as it was')
  const bare = new Set(known.objects)
  for (const end = Date.now() + patience; ; await sleep(500)) {
    const left = (await everyObject(lab)).filter((one) => !systems.test(one.namespace ?? '') && !bare.has(nameOf(one)))
    if (left.length === 0) break
    if (Date.now() > end) throw new Error(`still there: ${left.map(nameOf).join(', ')}`)
    await remove(lab, left)
  }
  await rm(join(lab.stateDirectory, 'certs.d'), { recursive: true, force: true })
}

/** Deletes objects; what is in a namespace goes with it, and a volume with its claim. */
async function remove(lab: Lab, objects: readonly ClusterObject[]): Promise<void> {
  const namespaces = objects.filter(({ kind }) => kind === 'Namespace').map(({ name }) => name)
  const flags = ['--wait=false', '--ignore-not-found']
  if (namespaces.length > 0) await lab.kubectl(['delete', 'namespace', ...namespaces, ...flags])
  for (const namespace of namespaces)
    await lab.kubectl(['delete', 'pods', '--all', '--grace-period=1', `--namespace=${namespace}`, ...flags])
  for (const { kind, namespace, name } of objects)
    if (kind !== 'Namespace' && !followers.includes(kind) && !namespaces.includes(namespace ?? ''))
      await lab.kubectl(['delete', kind, name, ...(namespace ? [`--namespace=${namespace}`] : []), ...flags])
}
