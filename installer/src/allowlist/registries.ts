import type { Endpoint } from '@sealift/bundle-spec/allowlist.ts'
import { type Address, readAddress } from '@sealift/bundle-spec/endpoint-address.ts'
import { hostOf, parseImageName } from '../coverage/reference.ts'
import { placeOf } from '../stores/registry/place.ts'
import { idOf } from './declared.ts'

/** What of a release is in registries, by name, and from where. */
export interface Pulled {
  kind: 'image' | 'chart' | 'release'
  name: string
  /** HOST[:PORT]/REPOSITORY… */
  reference: string
}

/** The registries from which nodes pull and the installer reads, with what is there. */
export function registryEndpoints(pulled: readonly Pulled[], since: string, plainHttp = false): Endpoint[] {
  const at = new Map<string, { address: Address; pulled: Pulled[] }>()
  for (const one of pulled) {
    const address = registryAddress(one.reference, plainHttp)
    if (address === undefined) continue
    const key = idOf(address)
    const there = at.get(key) ?? { address, pulled: [] }
    there.pulled.push(one)
    at.set(key, there)
  }
  return [...at].map(([id, { address, pulled }]): Endpoint => {
    const images = pulled.filter(({ kind }) => kind === 'image')
    const [first] = images.length > 0 ? images : pulled
    return {
      ...{ id: `registry.${id}`, ...address, path: '/v2/', at: 'outside' },
      from: images.length > 0 ? ['bastion', 'nodes'] : ['bastion'],
      phases: images.length > 0 ? ['install', 'run', 'upgrade'] : ['install', 'upgrade'],
      modes: ['connected', 'restricted'],
      required: true,
      why: sentence(`The registry of ${pulled.length} parts of the release: `, pulled),
      without:
        images.length > 0
          ? 'Nothing is installed or upgraded, and pods that move to another node do not start there.'
          : 'Nothing is installed or upgraded: the installer cannot read the release.',
      since,
      because: { kind: first?.kind ?? 'release', name: first?.reference ?? '' },
      known: { how: 'derived' },
    }
  })
}

function registryAddress(reference: string, plainHttp: boolean): Address | undefined {
  const name = parseImageName(reference)
  if (!name) return undefined
  const { origin } = placeOf(hostOf(name.repository), { plainHttp }, undefined)
  const address = readAddress(origin.origin, {})
  return typeof address === 'string' ? undefined : address
}

/** characters of a sentence of the list */
const longest = 200

function sentence(start: string, pulled: readonly Pulled[]): string {
  const names = pulled.map(({ kind, name }) => (kind === 'image' ? name : `the ${kind}`))
  let text = start + names.join(', ')
  for (let n = names.length - 1; text.length > longest; n -= 1)
    text = `${start}${names.slice(0, n).join(', ')} and ${names.length - n} more`
  return text
}
