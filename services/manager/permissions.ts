export const siteRoles = ['site-admin', 'site-manager', 'site-auditor', 'site-member'] as const
export const organizationRoles = ['organization-admin', 'organization-manager', 'organization-member'] as const
export type SiteRole = (typeof siteRoles)[number]
export type OrganizationRole = (typeof organizationRoles)[number]

/**
 * Who may do something: with a site role anywhere, with a role in the organization that the object belongs to, or as the
 * owner of the object. `session`: only after logging in, never with an API key.
 */
export type Grant = {
  site?: readonly SiteRole[]
  organization?: readonly OrganizationRole[]
  owner?: true
  session?: true
}

const running = ['site-admin', 'site-manager'] as const
const looking = ['site-admin', 'site-manager', 'site-auditor'] as const
const leading = ['organization-admin', 'organization-manager'] as const

/** The permission table. Every route declares one of its entries; names are also the scopes of API keys. */
export const permissions = {
  /** needs no one to be logged in */ anyone: {},
  /** calls of the envproxy, which proves itself with the key both share */ internal: {},
  'account:read': { site: siteRoles },
  'account:write': { site: siteRoles, session: true },
  'ssh-keys:write': { owner: true, site: running, session: true },
  'api-keys:write': { owner: true, site: ['site-admin'], session: true },
  'sessions:write': { owner: true, site: ['site-admin'], session: true },
  'users:read': { site: looking, owner: true },
  /** find one user by the exact name, without seeing the others */
  'users:lookup': { site: running, organization: ['organization-admin'] },
  'users:write': { site: running },
  'users:password': { site: running, owner: true, session: true },
  'organizations:read': { site: looking, organization: organizationRoles },
  'organizations:write': { site: running },
  'members:read': { site: looking, organization: leading },
  'members:write': { site: running, organization: ['organization-admin'] },
  'workspaces:read': { site: looking, organization: leading, owner: true },
  'workspaces:create': { site: running, organization: organizationRoles },
  'workspaces:write': { site: running, organization: leading, owner: true },
  /** what code runs in it: whoever decides that acts as its owner */
  'workspaces:rebuild': { site: ['site-admin'], owner: true },
  'workspaces:open': { site: ['site-admin'], owner: true },
  'dev-urls:read': { site: looking, organization: leading, owner: true },
  /** to say who may open a workspace's pages is its owner's alone */ 'dev-urls:write': { owner: true },
  'dev-urls:remove': { site: running, organization: leading, owner: true },
  'images:read': { site: siteRoles },
  'images:write': { site: running },
  'license:read': { site: siteRoles },
  'license:write': { site: ['site-admin'], session: true },
  'audit:read': { site: ['site-admin', 'site-auditor'] },
  'health:read': { site: looking },
} as const satisfies Record<string, Grant>

export type Permission = keyof typeof permissions

/** What an API key can be limited to. */
export const scopes = (Object.keys(permissions) as Permission[]).filter(
  (name) => name !== 'anyone' && name !== 'internal' && grantOf(name).session !== true,
)

/** The entry of a permission. */
export function grantOf(permission: Permission): Grant {
  return permissions[permission]
}
