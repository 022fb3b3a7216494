import type { KubernetesObject } from '@kubernetes/client-node'
import type { HelmRelease } from '../../../cluster/helm.ts'
import { renderedDocuments, renderedObjects } from '../../../coverage/rendered-yaml.ts'
import type { ObjectName } from './object-plan.ts'
import { cut } from './shown-value.ts'

/**
 * The objects that Helm keeps in step with a chart, the hooks that it makes around that, and the definitions of `crds/`, which
 * it makes when it installs and never looks at again (Helm, "Custom Resource Definitions").
 */
export interface ChartObjects {
  objects: KubernetesObject[]
  hooks: KubernetesObject[]
  crds: KubernetesObject[]
}

/** Sorts what `helm template --include-crds` wrote. @throws SealiftError BUILD_RENDERED */
export function chartObjects(rendered: string): ChartObjects {
  const isCrd = new Set<unknown>()
  for (const { document, template } of renderedDocuments(rendered))
    if (/^(charts\/[^/]+\/)*crds\//.test(template)) isCrd.add(nameIn(document.toJS({ maxAliasCount: 100 })))
  const all = flat(renderedObjects(rendered))
  const isDefinition = (object: KubernetesObject) =>
    object.kind === 'CustomResourceDefinition' && isCrd.has(object.metadata?.name)
  const crds = all.filter(isDefinition)
  const rest = all.filter((object) => !isDefinition(object))
  return {
    crds,
    objects: rest.filter((one) => hookEvents(one).length === 0),
    hooks: rest.filter((one) => hookEvents(one).length > 0),
  }
}

const nameIn = (value: unknown): unknown => (value as KubernetesObject | null)?.metadata?.name

/** The objects of a release's manifest, which has neither hooks nor `crds/`. @throws SealiftError BUILD_RENDERED */
export const manifestObjects = (manifest: string): KubernetesObject[] => flat(renderedObjects(manifest))

/** As Helm does with lists (`kind: List`). */
const flat = (objects: readonly object[]): KubernetesObject[] =>
  objects.flatMap((object) => {
    const { kind, items } = object as { kind?: string; items?: KubernetesObject[] }
    return kind?.endsWith('List') && Array.isArray(items) ? items : [object as KubernetesObject]
  })

/** When Helm makes a hook: `pre-upgrade`; empty for what is none. */
export const hookEvents = ({ metadata }: KubernetesObject): string[] =>
  String(metadata?.annotations?.['helm.sh/hook'] ?? '')
    .split(',')
    .flatMap((event) => event.trim() || [])

/** Whether Helm leaves an object in the cluster when its chart no longer has it. */
export const isKept = (object: KubernetesObject | undefined): boolean =>
  object?.metadata?.annotations?.['helm.sh/resource-policy'] === 'keep'

/** What Helm tells objects apart by (helm.sh/helm, pkg/kube/resource.go: group, kind, namespace, name). */
export function identity({ apiVersion = '', kind, metadata }: KubernetesObject, { namespace }: HelmRelease): string {
  const group = apiVersion.includes('/') ? apiVersion.split('/')[0] : ''
  return JSON.stringify([group, kind, metadata?.namespace ?? namespace, metadata?.name])
}

/** An object as Helm sends it: with the marks by which it knows its own (helm.sh/helm, pkg/action/validate.go). */
export function marked(
  object: KubernetesObject,
  { name, namespace }: HelmRelease,
  namespaced: boolean,
): KubernetesObject {
  const { labels, annotations, namespace: given, ...metadata } = object.metadata ?? {}
  return {
    ...object,
    metadata: {
      ...metadata,
      ...(namespaced ? { namespace: given ?? namespace } : {}),
      labels: { ...labels, 'app.kubernetes.io/managed-by': 'Helm' },
      annotations: {
        ...annotations,
        'meta.helm.sh/release-name': name,
        'meta.helm.sh/release-namespace': namespace,
      },
    },
  }
}

/** The name of an object as a plan has it, cut where it is longer than any. */
export function nameOf({ apiVersion, kind, metadata }: KubernetesObject): ObjectName {
  const { namespace } = metadata ?? {}
  const text = (value: unknown) => cut(String(value ?? ''), 253)
  return {
    apiVersion: text(apiVersion),
    kind: text(kind),
    ...(namespace === undefined ? {} : { namespace: text(namespace) }),
    name: text(metadata?.name),
  }
}
