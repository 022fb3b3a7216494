/**
 * What the first release writes: a row in each of its tables, and changes and deletions as its code makes them. `n` (one
 * letter or digit) makes the rows of one call differ from those of another.
 */
export const oldWrites = (n: string): string => `
  INSERT INTO users (id, username, password_hash, role, deactivated_at) VALUES
    ('user00000${n}', 'ada-${n}', '$argon2id$', 'site-admin', NULL), ('gone00000${n}', 'bob-${n}', NULL, 'site-member', now());
  INSERT INTO sessions (token_hash, user_id, created_at, expires_at, last_used_at, address, user_agent)
    VALUES (sha256('${n}'), 'user00000${n}', now(), now() + interval '1 day', now(), '192.0.2.1', 'curl');
  INSERT INTO login_attempts (key, attempts, window_ends) VALUES (sha256('${n}'), 1, now());
  INSERT INTO licenses (token, token_hash, uploaded_by, uploaded_at)
    VALUES ('token', sha256('${n}'), 'user00000${n}', now());
  INSERT INTO organizations (id, name, quota_gpus) VALUES ('orga00000${n}', 'harbour-${n}', 2), ('orgb00000${n}', 'b-${n}', NULL);
  INSERT INTO members (organization_id, user_id, role) VALUES ('orga00000${n}', 'user00000${n}', 'organization-admin');
  INSERT INTO api_keys (id, token_hash, user_id, name, scopes, created_at, expires_at)
    VALUES ('keys00000${n}', sha256('${n}'), 'user00000${n}', 'ci', '{workspaces:open}', now(), now() + interval '1 day');
  INSERT INTO audit (at, actor_id, actor_name, via, action, target_type, target_id, details)
    VALUES (now(), 'user00000${n}', 'ada-${n}', 'session', 'user.create', 'user', 'gone00000${n}', '{"by": "${n}"}');
  INSERT INTO registries (id, name, host, pull_secret) VALUES ('regi00000${n}', 'own-${n}', '${n}.example', 'secret');
  INSERT INTO images (id, registry_id, repository, name, default_tag) VALUES ('imag00000${n}', 'regi00000${n}', 'a', 'image-${n}', '1');
  INSERT INTO image_tags (image_id, tag, suffix) VALUES ('imag00000${n}', '1', ':1'), ('imag00000${n}', '2', ':2');
  INSERT INTO workspaces (id, owner_id, name, image, cpu_milli, memory_gib, disk_gib, organization_id, image_id, tag,
      auto_off_minutes, gpus, created_at, updated_at, last_active_at)
    VALUES ('work00000${n}', 'user00000${n}', 'one', '${n}.example/a:1', 1000, 1, 1, 'orga00000${n}', 'imag00000${n}', '1', 30, 1, now(), now(), now()),
      ('dele00000${n}', 'user00000${n}', 'two', '${n}.example/a:1', 1000, 1, 1, 'orga00000${n}', 'imag00000${n}', '1', NULL, 0, now(), now(), now());
  INSERT INTO ssh_keys (id, user_id, name, public_key, fingerprint, created_at)
    VALUES ('sshk00000${n}', 'user00000${n}', 'laptop', 'ssh-ed25519 AAAA', 'SHA256:${n}', now());
  INSERT INTO identities (issuer, subject, user_id, created_at) VALUES ('https://id.example', '${n}', 'user00000${n}', now());
  INSERT INTO dev_urls (id, workspace_id, port, access, label, created_at)
    VALUES ('devu00000${n}', 'work00000${n}', 8080, 'public', '8080-one-ada-${n}', now());

  UPDATE users SET role = 'site-auditor' WHERE id = 'gone00000${n}';
  UPDATE workspaces SET desired = 'off', generation = generation + 1, disk_gib = 2, rebuilds = 1 WHERE id = 'work00000${n}';
  UPDATE workspaces SET desired = 'deleted' WHERE id = 'dele00000${n}';
  DELETE FROM workspaces WHERE id = 'dele00000${n}';
  DELETE FROM image_tags WHERE image_id = 'imag00000${n}' AND tag = '2';
  DELETE FROM organizations WHERE id = 'orgb00000${n}';
`
