import { answerAt, type Draft } from '../../src/answers/draft.ts'

/** What an installation with these answers changes, where; in the order in which it does so. */
export function whatChanges(draft: Draft): { where: string; what: string }[] {
  const text = (pointer: string, otherwise: string): string => String(answerAt(draft, pointer) ?? otherwise)
  const registry = text('/registry/address', 'the registry')
  const namespace = text('/namespace', 'cde')
  const changes: { where: string; what: string }[] = []
  if (answerAt(draft, '/registry/kind') === 'seed')
    changes.push({ where: registry, what: 'gets the images of the bundle that it does not have; nothing is removed' })
  changes.push({
    where: `Namespace ${namespace}`,
    what: 'is made if it is missing, and gets everything of the platform: its programs, volumes, secrets and network rules',
  })
  changes.push({
    where: 'The whole cluster',
    what: 'gets an ingress class, and a rule that keeps the platform to its own namespace (an admission policy). Nothing else outside the namespace is touched',
  })
  if (answerAt(draft, '/database') === true)
    changes.push({ where: text('/database/host', 'Your database'), what: 'gets the platform’s tables' })
  if (answerAt(draft, '/tls') !== true)
    changes.push({
      where: 'The machine that runs sealift',
      what: 'keeps the key of a new certificate authority (CA) that signs the platform’s certificate',
    })
  changes.push({
    where: 'The machine that runs sealift',
    what: 'keeps the journal and the receipt of the installation',
  })
  return changes
}
