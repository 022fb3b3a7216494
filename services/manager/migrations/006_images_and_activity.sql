-- class: additive
-- says: Adds registries, images and SSH keys, and notes when a workspace was used.
-- pull_secret names a Secret of Kubernetes in the workspaces' namespace.
CREATE TABLE registries (
  id text PRIMARY KEY CHECK (id ~ '^[a-z0-9]{10}$'),
  name text NOT NULL UNIQUE,
  host text NOT NULL UNIQUE,
  pull_secret text,
  created_at timestamptz NOT NULL DEFAULT now()
);

-- release_image marks the image that the installed release brings. Sizes: what the image suggests, and the most it allows.
CREATE TABLE images (
  id text PRIMARY KEY CHECK (id ~ '^[a-z0-9]{10}$'),
  registry_id text NOT NULL REFERENCES registries (id),
  repository text NOT NULL,
  name text NOT NULL UNIQUE,
  release_image boolean NOT NULL DEFAULT false,
  default_tag text NOT NULL,
  deprecated boolean NOT NULL DEFAULT false,
  default_cpu_milli integer NOT NULL DEFAULT 2000 CHECK (default_cpu_milli > 0),
  default_memory_gib integer NOT NULL DEFAULT 4 CHECK (default_memory_gib > 0),
  default_disk_gib integer NOT NULL DEFAULT 20 CHECK (default_disk_gib > 0),
  max_cpu_milli integer CHECK (max_cpu_milli > 0),
  max_memory_gib integer CHECK (max_memory_gib > 0),
  max_disk_gib integer CHECK (max_disk_gib > 0),
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (registry_id, repository)
);
CREATE UNIQUE INDEX images_release_image ON images (release_image) WHERE release_image;

-- suffix is what follows the repository in a reference: :tag, @digest or both.
CREATE TABLE image_tags (
  image_id text NOT NULL REFERENCES images (id) ON DELETE CASCADE,
  tag text NOT NULL,
  suffix text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (image_id, tag)
);

ALTER TABLE workspaces ADD COLUMN image_id text REFERENCES images (id);
ALTER TABLE workspaces ADD COLUMN tag text;
ALTER TABLE workspaces ADD COLUMN rebuilds integer NOT NULL DEFAULT 0;
ALTER TABLE workspaces ADD COLUMN auto_off_minutes integer CHECK (auto_off_minutes >= 5);
ALTER TABLE workspaces ADD COLUMN last_active_at timestamptz;
CREATE INDEX workspaces_image_id ON workspaces (image_id);
CREATE INDEX workspaces_auto_off ON workspaces (last_active_at) WHERE desired = 'on' AND auto_off_minutes IS NOT NULL;

CREATE TABLE ssh_keys (
  id text PRIMARY KEY CHECK (id ~ '^[a-z0-9]{10}$'),
  user_id text NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  name text NOT NULL,
  public_key text NOT NULL,
  fingerprint text NOT NULL UNIQUE,
  created_at timestamptz NOT NULL
);
CREATE INDEX ssh_keys_user_id ON ssh_keys (user_id);

-- back:
DROP TABLE ssh_keys;
ALTER TABLE workspaces DROP COLUMN last_active_at;
ALTER TABLE workspaces DROP COLUMN auto_off_minutes;
ALTER TABLE workspaces DROP COLUMN rebuilds;
ALTER TABLE workspaces DROP COLUMN tag;
ALTER TABLE workspaces DROP COLUMN image_id;
DROP TABLE image_tags;
DROP TABLE images;
DROP TABLE registries;
