import type { TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { BackupSite } from '../../../installer/src/backup/site.ts'
import type { Reporter } from '../../../installer/src/install/events.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import type { DebianPostgres } from '../database/debian-postgres.ts'
import { databaseSite, helperPod, running } from '../database/site.ts'

const core = '/api/v1/namespaces/cde'
const base64 = (text: string) => Buffer.from(text).toString('base64')

export const receipt = (version = '1.0.0') => ({
  release: { name: 'cde', version, digest: `sha256:${'1'.repeat(64)}` },
  site: { host: 'cde.bank.example', namespace: 'cde' },
})

/** An installation of which a backup can be made: its database is a PostgreSQL of this machine. */
export async function installedSite(t: TestContext, postgres: DebianPostgres, version?: string) {
  const { fake, execute } = await databaseSite(t, postgres)
  const secret = (name: string, data: Record<string, string>, more: object = {}) =>
    fake.put(`${core}/secrets/${name}`, {
      ...{ kind: 'Secret', type: 'Opaque', ...more },
      data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, base64(value)])),
    })
  fake.put('/api/v1/namespaces/kube-system', { metadata: { uid: 'cluster-1' } })
  secret('cde-ssh', { 'host.pem': 'the host key' })
  secret('cde-ticket', { 'ticket.pem': 'the ticket key' })
  const release = gzipSync(
    JSON.stringify({
      info: { status: 'deployed' },
      config: {
        images: { postgres: { repository: 'cde/postgres', digest: 'sha256:abc' } },
        image: { registry: 'r.example' },
      },
      manifest: '',
    }),
  ).toString('base64')
  fake.put(`${core}/secrets/sh.helm.release.v1.cde.v1`, {
    ...{ kind: 'Secret', type: 'helm.sh/release.v1', data: { release: base64(release) } },
    metadata: { labels: { owner: 'helm', name: 'cde', version: '1', status: 'deployed' } },
  })
  const map = (name: string, key: string, text: string) =>
    fake.put(`${core}/configmaps/${name}`, { kind: 'ConfigMap', data: { [key]: text } })
  map('sealift-receipt', 'receipt.json', JSON.stringify(receipt(version)))
  map('sealift-answers', 'answers.yaml', 'host: cde.bank.example\n')
  fake.put(`${core}/persistentvolumeclaims/cde-workspace-1-home`, {
    kind: 'PersistentVolumeClaim',
    metadata: { labels: { 'app.kubernetes.io/part-of': 'cde', 'app.kubernetes.io/component': 'workspace' } },
    spec: { volumeName: 'pv-1', resources: { requests: { storage: '5Gi' } } },
  })
  const said: string[] = []
  const report: Reporter = {
    progress() {},
    info: (text) => void said.push(text),
    warn: (text) => void said.push(`warning: ${text}`),
  }
  const site: BackupSite = { cluster: fake.connect(), namespace: 'cde' }
  const directory = await temporaryDirectory(t)
  const signal = new AbortController().signal
  return { fake, execute, secret, site, said, report, directory, signal, options: { directory, report, signal } }
}

/** Lets throw-away databases be a PostgreSQL of this machine, which each finds empty. */
export function throwAway({ fake, execute }: Pick<Installed, 'fake' | 'execute'>, postgres: DebianPostgres): void {
  fake.runPod = () => running
  fake.execute = (asked) => {
    const { pod, command } = asked
    if (pod !== 'sealift-proof') return execute(asked)
    const elsewhere = command.filter((word) => !/^PG(HOST|DATABASE)=/.test(word))
    return helperPod(asked) ?? { words: elsewhere, env: { ...postgres.env, PGDATABASE: 'cde' } }
  }
}

type Installed = Awaited<ReturnType<typeof installedSite>>

/** A database as the manager fills it, with values that are hard to carry. */
export const filled = `DROP SCHEMA public CASCADE; CREATE SCHEMA public;
  CREATE TABLE migrations (name text PRIMARY KEY, hash text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now());
  INSERT INTO migrations (name, hash) VALUES ('001_users.sql', 'h1'), ('002_more.sql', 'h2');
  CREATE TYPE mood AS ENUM ('fine', 'tired');
  CREATE TABLE users (id bigserial PRIMARY KEY, name text, at timestamptz, x float8, bytes bytea, j jsonb, m mood, tags text[]);
  INSERT INTO users (name, at, x, bytes, j, m, tags)
    SELECT 'ü\\' || i, now() + i * interval '1 second', i / 3.0::float8, decode(md5(i::text), 'hex'), jsonb_build_object('i', i), 'fine', ARRAY[i::text, NULL]
    FROM generate_series(1, 2000) i;
  CREATE TABLE "Odd ""name" (a int REFERENCES users (id) DEFERRABLE, b int GENERATED ALWAYS AS (a * 2) STORED);
  INSERT INTO "Odd ""name" (a) SELECT id FROM users LIMIT 10;
  CREATE TABLE empty (a int);
  CREATE TABLE numbered (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a text); INSERT INTO numbered (a) VALUES ('x');
  CREATE SEQUENCE alone; CREATE DOMAIN short AS text CHECK (length(VALUE) < 9); CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM users;
  CREATE FUNCTION touched() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
  CREATE TRIGGER touch BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touched();
  CREATE VIEW names AS SELECT name FROM users;`
