-- class: additive
-- says: Adds a table and a column, and then fails.
CREATE TABLE half_way (id integer PRIMARY KEY);
INSERT INTO half_way SELECT generate_series(1, 1000);
ALTER TABLE workspaces ADD COLUMN half_way integer;
UPDATE workspaces SET half_way = 1;
INSERT INTO half_way VALUES (1);

-- back:
ALTER TABLE workspaces DROP COLUMN half_way;
DROP TABLE half_way;
