import type { FastifyRequest } from 'fastify'
import { ApiError } from './errors.ts'
import { grantOf, type OrganizationRole, type Permission, type SiteRole } from './permissions.ts'

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

/** What an object says about who may touch it. */
export type Target = { ownerId?: string; organizationId?: string }

const granted = (caller: Caller, permission: Permission): boolean => {
  const { session } = grantOf(permission)
  if (session === true && caller.via !== 'session') return false
  return caller.scopes === undefined || caller.scopes.includes(permission)
}

/** Whether the caller may do this to the target. */
export function allowed(caller: Caller, permission: Permission, target: Target): boolean {
  const { site, organization, owner } = grantOf(permission)
  if (!granted(caller, permission)) return false
  if (site?.includes(caller.role) === true) return true
  if (owner === true && target.ownerId === caller.id) return true
  const role = target.organizationId === undefined ? undefined : caller.organizations[target.organizationId]
  return role !== undefined && organization?.includes(role) === true
}

/**
 * Whether the caller may do this to anything at all; which objects is decided later.
 * @throws ApiError 403 AUTH_FORBIDDEN, AUTH_SCOPE, AUTH_SESSION_NEEDED
 */
export function assertMayAnywhere(caller: Caller, permission: Permission): void {
  const { site, organization, owner, session } = grantOf(permission)
  if (session === true && caller.via !== 'session')
    throw new ApiError(403, 'AUTH_SESSION_NEEDED', 'this cannot be done with an API key', { fix: 'log in' })
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
export const reaches = (within: Reach, { ownerId, organizationId }: Required<Target>): boolean =>
  within.all || within.ownerId === ownerId || within.organizationIds.includes(organizationId)

/** A reach as parameters of `$1 OR owner_id = $2 OR organization_id = ANY ($3::text[])`. */
export const reachValues = (within: Reach) =>
  within.all ? [true, null, []] : [false, within.ownerId ?? null, within.organizationIds]

/**
 * Decides whether the caller may do to `target` what the route is for. Who may not even read it is told that it is not
 * there: `unknown` is that answer, the same as for what does not exist (target undefined).
 * @throws the `unknown` error, or ApiError 403 AUTH_FORBIDDEN
 */
export function authorize<T extends Target>(
  request: FastifyRequest,
  target: T | undefined,
  otherwise: { read: Permission; unknown: ApiError },
): T {
  const caller = callerOf(request)
  const { permission } = request.routeOptions.config
  request.objectChecked = true
  if (target === undefined || permission === undefined) throw otherwise.unknown
  if (allowed(caller, permission, target)) return target
  throw allowed({ ...caller, scopes: undefined }, otherwise.read, target) ? forbidden(permission) : otherwise.unknown
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
