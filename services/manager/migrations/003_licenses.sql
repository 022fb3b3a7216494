-- class: additive
-- says: Adds the licenses that were uploaded.
CREATE TABLE licenses (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  token text NOT NULL,
  token_hash bytea NOT NULL UNIQUE,
  uploaded_by text REFERENCES users (id) ON DELETE SET NULL,
  uploaded_at timestamptz NOT NULL
);

-- back:
DROP TABLE licenses;
