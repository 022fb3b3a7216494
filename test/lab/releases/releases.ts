import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ReleaseVariant } from './release-variant.ts'

const folder = join(import.meta.dirname, 'migrations')

/** The lab's own migrations by file name: 901 and 904 are additive, 902 is rewriting, 903 is irreversible. */
const sql = Object.fromEntries(
  await Promise.all(
    (await readdir(folder)).map(async (name) => [name.slice(0, 3), [name, await readFile(join(folder, name), 'utf8')]]),
  ),
) as Record<'901' | '902' | '903' | '904', [string, string]>

/** From 1.1 on a value has another name, and another one a default of its own. */
const chartValues = {
  renamed: { 'manager.requestsPerSecond': 'requestsPerSecondOfUser' },
  defaults: { 'ingress.controller.sshConnectionsPerClient': 1024 },
}

/** What the demo upgrades to from what it has installed, which is 0.1.0: new images and an additive migration. */
export const release02: ReleaseVariant = {
  version: '0.2.0',
  upgradesFrom: '>=0.1.0 <0.2.0',
  migrations: Object.fromEntries([sql['901']]),
}

/** What this tree builds. */
export const release10: ReleaseVariant = { version: '1.0.0', upgradesFrom: '>=0.1.0 <1.0.0' }

/** The same on PostgreSQL 15. */
export const release10on15: ReleaseVariant = { ...release10, postgres: 15 }

/** New images, changed values, and an additive migration. */
export const release11: ReleaseVariant = {
  version: '1.1.0',
  upgradesFrom: '>=1.0.0 <1.1.0',
  migrations: Object.fromEntries([sql['901']]),
  chartValues,
}

/** The same with a migration that rewrites a table, from which only a backup leads back. */
export const release11rewriting: ReleaseVariant = {
  ...release11,
  migrations: Object.fromEntries([sql['901'], sql['902']]),
}

/** The same with one that cannot be taken back. */
export const release11irreversible: ReleaseVariant = {
  ...release11,
  migrations: Object.fromEntries([sql['901'], sql['903']]),
}

/** One more additive migration; reached from 1.1 alone. */
export const release12: ReleaseVariant = {
  version: '1.2.0',
  upgradesFrom: '>=1.1.0 <1.2.0',
  migrations: Object.fromEntries([sql['901'], sql['904']]),
  chartValues,
}
