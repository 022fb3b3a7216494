-- class: additive
-- says: Adds users, sessions and counted attempts to log in.
CREATE TABLE users (
  id text PRIMARY KEY,
  username text NOT NULL UNIQUE CHECK (username = lower(username)),
  password_hash text NOT NULL,
  role text NOT NULL CHECK (role IN ('site-admin', 'site-member')),
  created_at timestamptz NOT NULL DEFAULT now()
);

-- Only the SHA-256 of a token is stored: a copy of the database opens no session.
CREATE TABLE sessions (
  token_hash bytea PRIMARY KEY,
  user_id text NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX sessions_expires_at ON sessions (expires_at);
CREATE INDEX sessions_user_id ON sessions (user_id);

-- Attempts to log in within the current window, by a hash of what is limited.
CREATE TABLE login_attempts (
  key bytea PRIMARY KEY,
  attempts integer NOT NULL,
  window_ends timestamptz NOT NULL
);

-- back:
DROP TABLE login_attempts;
DROP TABLE sessions;
DROP TABLE users;
