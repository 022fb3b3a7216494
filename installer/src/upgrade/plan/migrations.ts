import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
import {
  type KnownMigrations,
  migrationsFile,
  type ReleaseMigration,
  readMigrationsFile,
} from '@sealift/bundle-spec/migrations.ts'
import type { InstallBundle } from '../../install/bundle.ts'

/** What a release will do to a database: the migrations that this one does not have. `unknown`: the release does not say. */
export type Pending = readonly ReleaseMigration[] | 'unknown'

/** The migrations that a release lists. @throws SealiftError BUNDLE_MIGRATIONS, BUNDLE_CONTENT */
export async function releaseMigrations({
  release,
  file,
}: Pick<InstallBundle, 'release' | 'file'>): Promise<KnownMigrations> {
  if (!release.files.some(({ name }) => name === migrationsFile)) return readMigrationsFile(undefined)
  const { descriptor, bytes } = await file(migrationsFile)
  if (descriptor.size > limits.document)
    throw new SealiftError(
      'BUNDLE_MIGRATIONS',
      `the file ${migrationsFile} of the release has ${descriptor.size} bytes`,
      {
        why: `it may have ${limits.document}`,
        fix: 'ask the vendor',
      },
    )
  const chunks: Uint8Array[] = []
  for await (const chunk of await bytes()) chunks.push(Buffer.from(chunk))
  return readMigrationsFile(Buffer.concat(chunks))
}

/**
 * What is left to apply of a release's migrations.
 * @throws SealiftError UPGRADE_SCHEMA where the database has what the release does not know, or has it otherwise
 */
export function pendingOf(known: KnownMigrations, applied: readonly { name: string; hash: string }[]): Pending {
  if (known === 'unknown') return known
  const hashes = new Map(known.map(({ name, hash }) => [name, hash]))
  const foreign = applied.find(({ name, hash }) => hashes.get(name) !== hash)
  if (foreign)
    throw new SealiftError(
      'UPGRADE_SCHEMA',
      `the database has migration ${foreign.name}, which is not of this release`,
      {
        why: hashes.has(foreign.name)
          ? 'the release has another one of that name'
          : 'the release does not know it: the database is newer, or of another product',
        fix: 'name the bundle of a later release; or go back to a backup of this one: sealift backup list',
      },
    )
  const there = new Set(applied.map(({ name }) => name))
  return known.filter(({ name }) => !there.has(name))
}

/** Whether the way back from these takes a backup. */
export const needsBackup = (pending: Pending): boolean =>
  pending === 'unknown' || pending.some((one) => one.class !== 'additive')
