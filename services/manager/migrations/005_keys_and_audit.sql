-- class: rewriting sessions
-- says: Adds API keys and the audit log; sessions get ids.
ALTER TABLE sessions ADD COLUMN id uuid NOT NULL UNIQUE DEFAULT gen_random_uuid();
ALTER TABLE sessions ADD COLUMN address text;
ALTER TABLE sessions ADD COLUMN user_agent text;
ALTER TABLE sessions ADD COLUMN last_used_at timestamptz;

-- Only the SHA-256 of a key is stored. scopes are names of permissions.
CREATE TABLE api_keys (
  id text PRIMARY KEY CHECK (id ~ '^[a-z0-9]{10}$'),
  token_hash bytea NOT NULL UNIQUE,
  user_id text NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  name text NOT NULL,
  scopes text[] NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  last_used_at timestamptz
);
CREATE INDEX api_keys_user_id ON api_keys (user_id);

-- Names are copied, so that an entry still reads well when its subject is gone.
CREATE TABLE audit (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL,
  actor_id text,
  actor_name text,
  via text NOT NULL CHECK (via IN ('session', 'api-key', 'login', 'system')),
  address text,
  action text NOT NULL,
  target_type text NOT NULL,
  target_id text,
  target_name text,
  details jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_actor ON audit (actor_id, id);
CREATE INDEX audit_target ON audit (target_id, id);
