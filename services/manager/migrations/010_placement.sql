-- class: additive
-- says: Adds GPUs of workspaces, images and organizations.
-- GPUs: how many a workspace has, and what bounds them; 0 allows none, null is no bound.
ALTER TABLE workspaces ADD COLUMN gpus integer NOT NULL DEFAULT 0 CHECK (gpus >= 0);
ALTER TABLE organizations ADD COLUMN quota_gpus integer CHECK (quota_gpus >= 0);
ALTER TABLE organizations ADD COLUMN limit_gpus integer CHECK (limit_gpus >= 0);
ALTER TABLE images ADD COLUMN default_gpus integer NOT NULL DEFAULT 0 CHECK (default_gpus >= 0);
ALTER TABLE images ADD COLUMN max_gpus integer CHECK (max_gpus >= 0);

-- back:
ALTER TABLE images DROP COLUMN max_gpus;
ALTER TABLE images DROP COLUMN default_gpus;
ALTER TABLE organizations DROP COLUMN limit_gpus;
ALTER TABLE organizations DROP COLUMN quota_gpus;
ALTER TABLE workspaces DROP COLUMN gpus;
