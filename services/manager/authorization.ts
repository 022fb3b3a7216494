import type { FastifyRequest } from 'fastify'
import { ApiError } from './errors.ts'
import { grantOf, type OrganizationRole, type Permission, permissions, type SiteRole } from './permissions.ts'

/** Who calls: a user, by a session or by an API key with scopes. */
export type Caller = {
  id: string
  username: string
  role: SiteRole
  /** roles by organization id */
  organizations: Readonly<Record<string, OrganizationRole>>
  via: 'session' | 'api-key'
  /** of the session or of the API key */ credential: string
  /** undefined: whatever the roles allow */ scopes: readonly string[] | undefined
}

/** Roles of a person: at the site, and in the organization that matters, if they have one there. */
export type Standing = { role: SiteRole; organizationRole?: OrganizationRole | null | undefined }

/** What an object says about who may touch it: its organization, and whose it is, with what that person may do. */
export type Target = { organizationId?: string } & ({ ownerId?: undefined } | { ownerId: string; owner: Standing })

const granted = (caller: Caller, permission: Permission): boolean => {
  const { session } = grantOf(permission)
  if (session === true && caller.via !== 'session') return false
  return caller.scopes === undefined || caller.scopes.includes(permission)
}

/** Permissions that look and touch nothing. */
const looks = /:(read|lookup)$/

/**
 * Whether the caller may do this to the target. What is another person's is acted on only by who may do all that this
 * person may: whoever decides what someone runs, or who they are, could otherwise become them.
 */
export function allowed(caller: Caller, permission: Permission, target: Target): boolean {
  if (!granted(caller, permission)) return false
  const byRole = allowedByRole(caller, permission, target)
  if (target.ownerId === caller.id) return byRole || grantOf(permission).owner === true
  if (!byRole) return false
  return target.ownerId === undefined || looks.test(permission) || mayAllThat(caller, target.owner, target)
}

const roleIn = (caller: Caller, { organizationId }: Target): OrganizationRole | undefined =>
  organizationId === undefined ? undefined : caller.organizations[organizationId]

const allowedByRole = (caller: Caller, permission: Permission, target: Target): boolean =>
  gives({ role: caller.role, organizationRole: roleIn(caller, target) }, permission)

/** Whether a person's roles allow the caller whatever another's roles allow that one. */
const mayAllThat = (caller: Caller, other: Standing, target: Target): boolean =>
  covers({ role: caller.role, organizationRole: roleIn(caller, target) }, other)

/** Whether roles give every permission that other ones give: the order of who may act on whom, derived from the table. */
export const covers = (one: Standing, other: Standing): boolean =>
  (Object.keys(permissions) as Permission[]).every((name) => !gives(other, name) || gives(one, name))

function gives({ role, organizationRole }: Standing, permission: Permission): boolean {
  const { site, organization } = grantOf(permission)
  return (
    site?.includes(role) === true || (organizationRole != null && organization?.includes(organizationRole) === true)
  )
}

/**
 * Whether the caller may change what these people run, who own none of it themselves.
 * @throws ApiError 403 AUTH_FORBIDDEN
 */
export function assertCovers(caller: Caller, people: readonly Standing[]): void {
  const above = people.find((one) => !covers({ role: caller.role }, one))
  if (above !== undefined) throw outranked(above)
}

/**
 * Roles above member let people decide for others: at the site a site admin gives and takes them, and all are given after
 * logging in, so that no API key makes anyone more than they were.
 * @throws ApiError 403 AUTH_FORBIDDEN, AUTH_SESSION_NEEDED
 */
export function assertMayAppoint(caller: Caller, ...roles: (SiteRole | OrganizationRole | undefined)[]): void {
  const above = roles.filter((role) => role !== undefined && !role.endsWith('-member'))
  if (above.length === 0) return
  assertLoggedIn(caller)
  if (caller.role !== 'site-admin' && above.some((role) => role?.startsWith('site-') === true))
    throw new ApiError(403, 'AUTH_FORBIDDEN', 'roles above site-member are given and taken by a site admin')
}

/** @throws ApiError 403 AUTH_SESSION_NEEDED where an API key asks for what makes a way in that outlives the key */
export function assertLoggedIn(caller: Caller): void {
  if (caller.via !== 'session')
    throw new ApiError(403, 'AUTH_SESSION_NEEDED', 'this cannot be done with an API key', { fix: 'log in' })
}

/**
 * Whether the caller may do this to anything at all; which objects is decided later.
 * @throws ApiError 403 AUTH_FORBIDDEN, AUTH_SCOPE, AUTH_SESSION_NEEDED
 */
export function assertMayAnywhere(caller: Caller, permission: Permission): void {
  const { site, organization, owner, session } = grantOf(permission)
  if (session === true) assertLoggedIn(caller)
  if (!granted(caller, permission))
    throw new ApiError(403, 'AUTH_SCOPE', `this API key does not have the scope ${permission}`)
  if (site?.includes(caller.role) === true || owner === true) return
  if (Object.values(caller.organizations).some((role) => organization?.includes(role) === true)) return
  throw forbidden(permission)
}

/** The objects of a kind that the caller may act on: all, or those of some organizations and their own. */
export type Reach = { all: true } | { all: false; ownerId: string | undefined; organizationIds: string[] }

/** The part of a list that the caller may see, for the query that reads it. */
export function reach(request: FastifyRequest, permission: Permission): Reach {
  const caller = callerOf(request)
  request.objectChecked = true
  const { site, organization, owner } = grantOf(permission)
  if (site?.includes(caller.role) === true) return { all: true }
  return {
    all: false,
    ownerId: owner === true ? caller.id : undefined,
    organizationIds: Object.entries(caller.organizations)
      .filter(([, role]) => organization?.includes(role) === true)
      .map(([id]) => id),
  }
}

/** Whether an object is within a reach: what `reachValues` asks the database. */
export const reaches = (
  within: Reach,
  { ownerId, organizationId }: { ownerId: string; organizationId: string },
): boolean => within.all || within.ownerId === ownerId || within.organizationIds.includes(organizationId)

/** A reach as parameters of `$1 OR owner_id = $2 OR organization_id = ANY ($3::text[])`. */
export const reachValues = (within: Reach) =>
  within.all ? [true, null, []] : [false, within.ownerId ?? null, within.organizationIds]

/**
 * Decides whether the caller may do to `target` what the route is for, or what `permission` is for where the request asks
 * for more than that. Who may not even read it is told that it is not there: `unknown` is that answer, the same as for what
 * does not exist (target undefined).
 * @throws the `unknown` error, or ApiError 403 AUTH_FORBIDDEN, AUTH_SCOPE, AUTH_SESSION_NEEDED
 */
export function authorize<T extends Target>(
  request: FastifyRequest,
  target: T | undefined,
  otherwise: { read: Permission; unknown: ApiError },
  permission = request.routeOptions.config.permission,
): T {
  const caller = callerOf(request)
  request.objectChecked = true
  if (target === undefined || permission === undefined) throw otherwise.unknown
  if (allowed(caller, permission, target)) return target
  if (!allowed({ ...caller, scopes: undefined }, otherwise.read, target)) throw otherwise.unknown
  assertMayAnywhere(caller, permission)
  if (target.ownerId !== undefined && allowedByRole(caller, permission, target)) throw outranked(target.owner)
  throw forbidden(permission)
}

/** The refusal of acting on someone who may do more than the caller. */
function outranked({ role, organizationRole }: Standing): ApiError {
  return new ApiError(403, 'AUTH_FORBIDDEN', 'this concerns someone who may do more here than you', {
    why: `it takes whoever may do all that a ${role}${organizationRole ? ` and ${organizationRole}` : ''} may`,
    fix: 'ask them, or a site admin',
  })
}

/** The refusal of what a role does not allow. */
export function forbidden(permission: Permission): ApiError {
  const { site = [], organization = [] } = grantOf(permission)
  const roles = [...site, ...organization]
  if (roles.length === 0) return new ApiError(403, 'AUTH_FORBIDDEN', 'only its owner may do this')
  return new ApiError(
    403,
    'AUTH_FORBIDDEN',
    roles.length === 1 ? `this needs the role ${roles[0]}` : `this needs one of the roles ${roles.join(', ')}`,
  )
}

/** The user of a route that is not for anyone. */
export function callerOf(request: FastifyRequest): Caller {
  if (request.user === undefined) throw new Error('a route for anyone asked who is calling')
  return request.user
}
