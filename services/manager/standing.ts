/** A workspace's owner as a Standing (authorization.ts), for queries over workspaces and users. */
export const ownerStanding = `json_build_object('role', users.role, 'organizationRole', (SELECT members.role FROM members
  WHERE members.user_id = users.id AND members.organization_id = workspaces.organization_id))`
