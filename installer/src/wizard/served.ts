import { answerAt, type Draft } from '../answers/draft.ts'
import type { CompleteAnswers } from '../answers/schema.ts'
import type { Served } from '../install/serve-command.ts'
import { text } from './looks/look.ts'

/** The registry, as far as it is answered. An address that is not known yet is nobody's. */
export function registryIn(draft: Draft): CompleteAnswers['registry'] {
  return {
    kind: text(draft, '/registry/kind') ?? 'serve',
    address: text(draft, '/registry/address') ?? 'registry.invalid',
    caFile: text(draft, '/registry/caFile'),
    plainHttp: answerAt(draft, '/registry/plainHttp') === true,
    username: text(draft, '/registry/username'),
    passwordFile: text(draft, '/registry/passwordFile'),
  } as CompleteAnswers['registry']
}

/** What would be served, as far as it is answered; undefined where something else is to be the registry. */
export function servedIn(draft: Draft): Served | undefined {
  const registry = registryIn(draft)
  if (registry.kind !== 'serve') return undefined
  const trust = answerAt(draft, '/trust')
  return {
    bundle: text(draft, '/bundle'),
    trust: Array.isArray(trust) ? trust.map(String) : undefined,
    license: text(draft, '/license'),
    registry,
  }
}
