import type { Allowlist, Declaration, Endpoint } from '@sealift/bundle-spec/allowlist.ts'
import { type Address, readAddress } from '@sealift/bundle-spec/endpoint-address.ts'
import { valueAt } from './values.ts'

/** endpoints of one value: a list longer than that is no list of hosts */
const mostOfOne = 256

/** Why a declaration can't be meant so; undefined where it can. */
export function declarationFault(declaration: Declaration): string | undefined {
  const { url, value, portValue, match, documented, at } = declaration
  if ((url === undefined) === (value === undefined)) return 'it needs either a url or a value'
  if (value === undefined && (portValue ?? match) !== undefined) return 'portValue and match go with a value'
  if (url === undefined) return undefined
  const address = readAddress(url, declaration)
  if (typeof address === 'string') return `its url: ${address}`
  if (address.match !== 'exact' && at !== 'site' && documented === undefined)
    return 'a wildcard says under documented where its vendor documents it'
  return undefined
}

/**
 * The endpoints that a release declares, with these values of its chart. `refused`: values that name no host; they are not
 * repeated, since they may hold a password.
 */
export function declaredEndpoints(
  declarations: readonly Declaration[],
  values: Readonly<Record<string, unknown>>,
): {
  endpoints: Endpoint[]
  open: NonNullable<Allowlist['open']>
  refused: { id: string; value: string; why: string }[]
} {
  const endpoints: Endpoint[] = []
  const open: NonNullable<Allowlist['open']> = []
  const refused: { id: string; value: string; why: string }[] = []
  for (const declaration of declarations) {
    const { id, url, value, portValue, when, why } = declaration
    if (when && valueAt(values, when.value) !== when.is) continue
    const said = url === undefined ? textsOf(valueAt(values, value ?? '')) : [url]
    if (said.length === 0 && value !== undefined) open.push({ id, value, why })
    const port = portValue === undefined ? undefined : Number(valueAt(values, portValue)) || undefined
    for (const text of said.slice(0, mostOfOne)) {
      const address = readAddress(text, { ...declaration, port })
      if (typeof address === 'string') refused.push({ id, value: value ?? '', why: address })
      else endpoints.push(endpointOf(declaration, address, said.length > 1 ? `${id}.${idOf(address)}` : id))
    }
    if (said.length > mostOfOne) refused.push({ id, value: value ?? '', why: `it has more than ${mostOfOne} entries` })
  }
  return { endpoints, open, refused }
}

/** What a value holds that is a text, or a list of texts. */
const textsOf = (value: unknown): string[] =>
  (Array.isArray(value) ? value : [value]).filter((one): one is string => typeof one === 'string' && one !== '')

/** A host and a port as a part of an id. */
export const idOf = ({ host, port, scheme }: Address): string =>
  `${host.replaceAll(':', '-').replaceAll('_', '-').slice(0, 100)}${scheme === 'https' && port === 443 ? '' : `.${port}`}`.replace(
    /^[^a-z0-9]+|[^a-z0-9]+$/g,
    '',
  )

function endpointOf(
  { value, feature, from, phases, modes, required, why, without, since, documented, at }: Declaration,
  address: Address,
  id: string,
): Endpoint {
  return {
    ...{ id, ...address, at: at ?? 'outside', from, phases, modes: modes ?? ['connected', 'restricted'] },
    ...{ required, why, without, since },
    because: value === undefined ? { kind: 'feature', name: feature ?? id } : { kind: 'value', name: value },
    known: { how: 'declared' },
    ...(documented === undefined ? {} : { documented }),
  }
}
