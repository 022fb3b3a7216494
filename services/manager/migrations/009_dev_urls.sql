-- class: additive
-- says: Adds dev URLs.
-- Ports of workspaces that have a host name of their own. label is the first part of that name: unique, since names may
-- hold hyphens and two pairs of workspace and user can read the same.
CREATE TABLE dev_urls (
  id text PRIMARY KEY CHECK (id ~ '^[a-z0-9]{10}$'),
  workspace_id text NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
  port integer NOT NULL CHECK (port BETWEEN 1 AND 65535 AND port NOT IN (12212, 13337, 26337)),
  access text NOT NULL CHECK (access IN ('private', 'org', 'authed', 'public')),
  label text NOT NULL UNIQUE CHECK (label ~ '^[0-9]{1,5}-[a-z0-9-]{1,61}$' AND length(label) <= 63),
  created_at timestamptz NOT NULL,
  UNIQUE (workspace_id, port)
);

-- back:
DROP TABLE dev_urls;
