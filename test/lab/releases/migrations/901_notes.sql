-- class: additive
-- says: Adds notes about workspaces, and their color.
CREATE TABLE workspace_notes (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  workspace_id text NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
  note text NOT NULL
);
CREATE INDEX workspace_notes_workspace_id ON workspace_notes (workspace_id);
ALTER TABLE workspaces ADD COLUMN color text;

-- back:
ALTER TABLE workspaces DROP COLUMN color;
DROP TABLE workspace_notes;
