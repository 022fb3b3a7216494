import { isDeepStrictEqual } from 'node:util'
import type { Allowlist, Change, Endpoint, From } from '@sealift/bundle-spec/allowlist.ts'
import { showAddress } from '@sealift/bundle-spec/endpoint-address.ts'
import { openings } from './openings.ts'

/** What changes from one list to another. */
export interface ListDifference {
  /** what a firewall has to let through from now on, and no longer; by whom */
  open: { endpoint: Endpoint; from: From[] }[]
  close: { endpoint: Endpoint; from: From[] }[]
  added: Endpoint[]
  removed: Endpoint[]
  /** of the same id; `what` names the fields */
  changed: { before: Endpoint; after: Endpoint; what: string[] }[]
}

/**
 * Compares two lists: their entries by id, and what firewalls do about them. An entry that goes closes nothing that another
 * one still needs, and one that comes opens nothing that is open already, by a wildcard for example.
 */
export function diffAllowlists(before: Allowlist, after: Allowlist): ListDifference {
  const was = new Map(before.endpoints.map((endpoint) => [endpoint.id, endpoint]))
  const is = new Map(after.endpoints.map((endpoint) => [endpoint.id, endpoint]))
  const isOpenBefore = openings(before.endpoints)
  const isOpenAfter = openings(after.endpoints)
  const missing = (endpoints: readonly Endpoint[], isOpen: ReturnType<typeof openings>) =>
    endpoints.flatMap((endpoint) => {
      const from = endpoint.from.filter((place) => !isOpen(endpoint, place))
      return from.length === 0 ? [] : [{ endpoint, from }]
    })
  return {
    open: missing(after.endpoints, isOpenBefore),
    close: missing(before.endpoints, isOpenAfter),
    added: after.endpoints.filter(({ id }) => !was.has(id)),
    removed: before.endpoints.filter(({ id }) => !is.has(id)),
    changed: after.endpoints.flatMap((endpoint) => {
      const old = was.get(endpoint.id)
      const what = old === undefined ? [] : fields.filter((name) => !isDeepStrictEqual(old[name], endpoint[name]))
      return old === undefined || what.length === 0 ? [] : [{ before: old, after: endpoint, what }]
    }),
  }
}

/** What somebody who maintains a firewall decides by; addresses and days of observation change by themselves. */
const fields = [
  ...([
    'scheme',
    'host',
    'match',
    'port',
    'path',
    'at',
    'from',
    'phases',
    'modes',
    'required',
    'why',
    'without',
  ] as const),
  'documented',
] as const satisfies (keyof Endpoint)[]

/** The next version of a list on a day (RFC 3339, full-date): later than that of the list before in any case. */
export function nextVersion(before: string, day: string): string {
  const first = `${day.replaceAll('-', '')}00`
  if (first > before) return first
  const next = `${before.slice(0, 8)}${String(Number(before.slice(8)) + 1).padStart(2, '0')}`
  // the hundredth version of a day waits for the next one
  return next.length === 10 ? next : nextDay(before)
}

function nextDay(version: string): string {
  const [, year, month, day] = /^(\d{4})(\d\d)(\d\d)/.exec(version) ?? []
  const next = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day) + 1))
  return `${next.toISOString().slice(0, 10).replaceAll('-', '')}00`
}

/** A list that comes after another: with what changed since, and the version and the `since` of entries that follow from it. */
export function following(list: Allowlist, before: Allowlist, day: string): Allowlist {
  const known = new Map(before.endpoints.map(({ id, since }) => [id, since]))
  const endpoints = list.endpoints.map((endpoint) => ({ ...endpoint, since: known.get(endpoint.id) ?? endpoint.since }))
  const { added, removed, changed } = diffAllowlists(before, { ...list, endpoints })
  const version =
    added.length + removed.length + changed.length === 0 ? before.version : nextVersion(before.version, day)
  const changes: Change[] = [
    ...added.map((one) => ({ version, change: 'added' as const, id: one.id, host: showAddress(one) })),
    ...removed.map((one) => ({ version, change: 'removed' as const, id: one.id, host: showAddress(one) })),
    ...changed.map(({ before, after }) => ({
      ...{ version, change: 'changed' as const, id: after.id, host: showAddress(after) },
      ...(showAddress(before) === showAddress(after) ? {} : { was: showAddress(before) }),
    })),
  ]
  return { ...list, version, endpoints, changes: [...before.changes, ...changes].slice(-mostChanges) }
}

/** changes that a list keeps */
const mostChanges = 2000
