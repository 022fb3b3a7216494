-- class: additive
-- says: Lets people pin their workspaces.
CREATE TABLE pinned_workspaces (
  user_id text NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  workspace_id text NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
  PRIMARY KEY (user_id, workspace_id)
);

-- back:
DROP TABLE pinned_workspaces;
