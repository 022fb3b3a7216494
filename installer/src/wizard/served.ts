import { answerAt, type Draft } from '../answers/draft.ts'
import { proxyFault } from '../answers/formats/proxy.ts'
import type { CompleteAnswers } from '../answers/schema.ts'
import type { ProxyAnswers } from '../install/proxy-access.ts'
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

/** The registry, and whether a proxy leads to it, as far as they are answered. */
export function reachedBy(draft: Draft): ProxyAnswers {
  const url = (pointer: string) => {
    const value = text(draft, pointer)
    return value === undefined || proxyFault(value) ? undefined : value
  }
  const exempt = answerAt(draft, '/proxy/exempt')
  return {
    registry: registryIn(draft),
    mode: text(draft, '/mode') as CompleteAnswers['mode'] | undefined,
    release: text(draft, '/release'),
    ...(answerAt(draft, '/proxy') === undefined
      ? {}
      : {
          proxy: {
            http: url('/proxy/http'),
            https: url('/proxy/https'),
            loginFile: text(draft, '/proxy/loginFile'),
            caFile: text(draft, '/proxy/caFile'),
            exempt: Array.isArray(exempt) ? exempt.map(String) : [],
          },
        }),
  } as ProxyAnswers
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
