-- class: rewriting users, workspaces
-- says: Adds organizations and more roles; each user joins the first organization.
ALTER TABLE users DROP CONSTRAINT users_role_check;
ALTER TABLE users ADD CONSTRAINT users_role_check
  CHECK (role IN ('site-admin', 'site-manager', 'site-auditor', 'site-member'));
ALTER TABLE users ADD COLUMN deactivated_at timestamptz;
-- A user who logs in through the site's identity provider has no password here.
ALTER TABLE users ALTER COLUMN password_hash DROP NOT NULL;

-- Quotas bound an organization as a whole, limits each of its workspaces; null is no bound.
CREATE TABLE organizations (
  id text PRIMARY KEY CHECK (id ~ '^[a-z0-9]{10}$'),
  name text NOT NULL UNIQUE,
  quota_cpu_milli integer CHECK (quota_cpu_milli >= 0),
  quota_memory_gib integer CHECK (quota_memory_gib >= 0),
  quota_disk_gib integer CHECK (quota_disk_gib >= 0),
  quota_workspaces integer CHECK (quota_workspaces >= 0),
  limit_cpu_milli integer CHECK (limit_cpu_milli > 0),
  limit_memory_gib integer CHECK (limit_memory_gib > 0),
  limit_disk_gib integer CHECK (limit_disk_gib > 0),
  created_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO organizations (id, name) VALUES ('default000', 'default');

CREATE TABLE members (
  organization_id text NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  user_id text NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  role text NOT NULL CHECK (role IN ('organization-admin', 'organization-manager', 'organization-member')),
  PRIMARY KEY (organization_id, user_id)
);
CREATE INDEX members_user_id ON members (user_id);
INSERT INTO members (organization_id, user_id, role) SELECT 'default000', id, 'organization-member' FROM users;

-- The default serves replicas of the release before, which still run while this one starts.
ALTER TABLE workspaces ADD COLUMN organization_id text NOT NULL DEFAULT 'default000' REFERENCES organizations (id);
CREATE INDEX workspaces_organization_id ON workspaces (organization_id);
CREATE INDEX workspaces_owner_id ON workspaces (owner_id);
