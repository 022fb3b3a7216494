import { grantOf, type Permission } from '../../manager/permissions.ts'
import type { User } from './api.ts'

/** Whether a role of the user allows this somewhere, so that it is worth offering; the manager decides what is done. */
export function may({ role, organizations = {} }: User, permission: Permission): boolean {
  const { site = [], organization = [] } = grantOf(permission)
  return [role, ...Object.values(organizations)].some((held) => [...site, ...organization].includes(held as never))
}

/** The same, in one organization. */
export const mayIn = (id: string, user: User, permission: Permission): boolean =>
  may({ ...user, organizations: { [id]: user.organizations?.[id] ?? '' } }, permission)
