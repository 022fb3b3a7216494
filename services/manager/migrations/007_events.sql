-- class: additive
-- says: Tells every replica which workspace changed.
-- Tells every replica which workspace changed. Notes of activity alone are not news.
CREATE FUNCTION notify_workspace() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('workspace_events', coalesce(NEW.id, OLD.id));
  RETURN NULL;
END
$$;
CREATE TRIGGER workspaces_added AFTER INSERT OR DELETE ON workspaces
  FOR EACH ROW EXECUTE FUNCTION notify_workspace();
CREATE TRIGGER workspaces_changed AFTER UPDATE ON workspaces
  FOR EACH ROW WHEN (
    (OLD.desired, OLD.generation, OLD.applied_generation, OLD.failure, OLD.auto_off_minutes, OLD.image)
    IS DISTINCT FROM
    (NEW.desired, NEW.generation, NEW.applied_generation, NEW.failure, NEW.auto_off_minutes, NEW.image)
  ) EXECUTE FUNCTION notify_workspace();

-- back:
DROP TRIGGER workspaces_changed ON workspaces;
DROP TRIGGER workspaces_added ON workspaces;
DROP FUNCTION notify_workspace();
