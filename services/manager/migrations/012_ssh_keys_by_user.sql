-- class: rewriting ssh_keys
-- says: The same public SSH key may be in several accounts.
-- A public key is public: whoever adds another's to their own account must not keep it from them.
ALTER TABLE ssh_keys DROP CONSTRAINT ssh_keys_fingerprint_key;
ALTER TABLE ssh_keys ADD CONSTRAINT ssh_keys_user_fingerprint UNIQUE (user_id, fingerprint);
DROP INDEX ssh_keys_user_id;
