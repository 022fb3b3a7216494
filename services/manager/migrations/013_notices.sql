-- class: additive
-- says: Adds notices to users, such as of an upgrade that begins soon.
-- What users are told of before it happens. A notice is current from its insertion until ends_at or its deletion; starts_at
-- is when that begins which it tells of. It is shown in terminals: no control characters.
CREATE TABLE notices (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  kind text NOT NULL CHECK (kind ~ '^[a-z-]{1,32}$'),
  says text NOT NULL CHECK (length(says) BETWEEN 1 AND 500 AND says !~ '[[:cntrl:]]'),
  starts_at timestamptz NOT NULL,
  ends_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  CHECK (starts_at < ends_at)
);
CREATE FUNCTION notify_notices() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NOTIFY notice_events;
  RETURN NULL;
END
$$;
CREATE TRIGGER notices_changed AFTER INSERT OR UPDATE OR DELETE ON notices
  FOR EACH STATEMENT EXECUTE FUNCTION notify_notices();

-- back:
DROP TABLE notices;
DROP FUNCTION notify_notices();
