import { type Graph, repositoryOf } from '@sealift/bundle-spec/graph.ts'
import type { Bundle } from '../stores/bundle/open.ts'
import type { NamePlan, Plan, Survey } from './plan.ts'

/**
 * Leaves names alone that stand for the vendor's own index of an image, of which fewer platforms are delivered: they say
 * what they said. The image goes there by digest, as it is deployed. At the vendor's registry, where a release is
 * published, that is the rule.
 */
export function keepVendorsNames(
  { artifacts }: Pick<Bundle, 'artifacts'>,
  graph: Graph,
  { plan, holders }: Survey,
): { graph: Graph; plan: Plan } {
  const originals = new Map(
    artifacts.flatMap(({ role, name, descriptor }) => (role === 'original' ? [[name, descriptor.digest]] : [])),
  )
  const originalOf = new Map(
    artifacts.flatMap(({ role, name, reference }) => (role === 'image' ? [[reference, originals.get(name)]] : [])),
  )
  const kept = graph.roots.map(({ source }, i) => {
    const now = plan.names[i]?.now
    return now !== undefined && now === originalOf.get(source)
  })
  const byDigest = (name: string, digest: string) => `${repositoryOf(name)}@${digest}`
  const roots = graph.roots.map((root, i) =>
    kept[i] ? { ...root, target: byDigest(root.target, root.descriptor.digest) } : root,
  )
  const names = plan.names.map((name, i): NamePlan => {
    const { reference, digest } = name
    if (!kept[i]) return name
    const there = holders.get(digest)?.has(repositoryOf(reference))
    return { reference: byDigest(reference, digest), digest, ...(there ? { now: digest } : {}) }
  })
  return { graph: { ...graph, roots }, plan: { ...plan, names } }
}
