-- class: additive
-- says: Adds who a person is at the identity provider of the site.
-- Who a person is at the site's identity provider: its issuer and the subject, never an e-mail address.
CREATE TABLE identities (
  issuer text NOT NULL,
  subject text NOT NULL,
  user_id text NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (issuer, subject)
);
CREATE INDEX identities_user_id ON identities (user_id);

-- back:
DROP TABLE identities;
