-- class: additive
-- says: Adds workspaces.
-- desired is what the owner asked for. generation counts changes; applied_generation is the last one that Kubernetes has.
CREATE TABLE workspaces (
  id text PRIMARY KEY CHECK (id ~ '^[a-z0-9]{10}$'),
  owner_id text NOT NULL REFERENCES users (id),
  name text NOT NULL,
  image text NOT NULL,
  cpu_milli integer NOT NULL CHECK (cpu_milli > 0),
  memory_gib integer NOT NULL CHECK (memory_gib > 0),
  disk_gib integer NOT NULL CHECK (disk_gib > 0),
  desired text NOT NULL DEFAULT 'on' CHECK (desired IN ('on', 'off', 'deleted')),
  generation integer NOT NULL DEFAULT 1,
  applied_generation integer NOT NULL DEFAULT 0,
  attempts integer NOT NULL DEFAULT 0,
  retry_at timestamptz,
  failure text,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX workspaces_name ON workspaces (owner_id, name) WHERE desired <> 'deleted';
CREATE INDEX workspaces_created_at ON workspaces (created_at, id);
CREATE INDEX workspaces_unfinished ON workspaces (id) WHERE desired = 'deleted' OR applied_generation < generation;

-- back:
DROP TABLE workspaces;
