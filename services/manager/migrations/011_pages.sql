-- class: additive
-- says: Adds indexes for pages of the audit log and of images; a larger disk is news.
-- Pages of the audit log of one action, and of images in the order of their list.
CREATE INDEX audit_action ON audit (action, id);
CREATE INDEX images_order ON images ((NOT release_image), name);

-- A larger disk is news too, though it needs no new pod.
DROP TRIGGER workspaces_changed ON workspaces;
CREATE TRIGGER workspaces_changed AFTER UPDATE ON workspaces
  FOR EACH ROW WHEN (
    (OLD.desired, OLD.generation, OLD.applied_generation, OLD.failure, OLD.auto_off_minutes, OLD.image, OLD.disk_gib)
    IS DISTINCT FROM
    (NEW.desired, NEW.generation, NEW.applied_generation, NEW.failure, NEW.auto_off_minutes, NEW.image, NEW.disk_gib)
  ) EXECUTE FUNCTION notify_workspace();

-- back:
DROP TRIGGER workspaces_changed ON workspaces;
CREATE TRIGGER workspaces_changed AFTER UPDATE ON workspaces
  FOR EACH ROW WHEN (
    (OLD.desired, OLD.generation, OLD.applied_generation, OLD.failure, OLD.auto_off_minutes, OLD.image)
    IS DISTINCT FROM
    (NEW.desired, NEW.generation, NEW.applied_generation, NEW.failure, NEW.auto_off_minutes, NEW.image)
  ) EXECUTE FUNCTION notify_workspace();
DROP INDEX images_order;
DROP INDEX audit_action;
