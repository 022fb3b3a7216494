import Type from 'typebox'
import Value from 'typebox/value'
import { SealiftError } from './error.ts'
import { parseJson, toJson } from './json.ts'
import { Sentence } from './texts.ts'

/** The name, among the files of a release, of the one that lists its migrations. */
export const migrationsFile = 'migrations'

/**
 * What a migration does to the way back. `additive`: the platform of the release before works on the new schema, and it can
 * be taken back without losing anything. `rewriting`: it changes the rows of some tables, or what they may hold.
 * `irreversible`: it throws something away. The way back from the last two is a backup. SPEC.md, "Migrations".
 */
export const MigrationClass = Type.Union([
  Type.Literal('additive'),
  Type.Literal('rewriting'),
  Type.Literal('irreversible'),
])
export type MigrationClass = Type.Static<typeof MigrationClass>

export const MigrationName = Type.String({ pattern: '^[0-9]{3}_[a-z0-9_]{1,60}\\.sql$' })

const ReleaseMigration = Type.Object(
  {
    name: MigrationName,
    hash: Type.String({ pattern: '^[0-9a-f]{64}$', description: 'SHA-256 of its file, as the database notes it' }),
    class: MigrationClass,
    tables: Type.Array(Type.String({ pattern: '^[a-z_][a-z0-9_]{0,62}$' }), {
      maxItems: 100,
      description: 'whose rows it rewrites: how long that takes is a matter of their size',
    }),
    says: Sentence,
    hasBack: Type.Boolean({ description: 'whether it comes with what takes it back' }),
  },
  { additionalProperties: false },
)
export type ReleaseMigration = Type.Static<typeof ReleaseMigration>

const Migrations = Type.Object(
  {
    apiVersion: Type.Literal('sealift.dev/v1'),
    kind: Type.Literal('Migrations'),
    migrations: Type.Array(ReleaseMigration, { maxItems: 999 }),
  },
  { additionalProperties: false },
)

/** The migrations of a release, in the order in which they are applied; `unknown` where it does not list them. */
export type KnownMigrations = readonly ReleaseMigration[] | 'unknown'

/**
 * Reads the file `migrations` of a release; undefined stands for a release without one, which then may hold any.
 * @throws SealiftError BUNDLE_JSON, BUNDLE_MIGRATIONS
 */
export function readMigrationsFile(bytes: Uint8Array | undefined): KnownMigrations {
  if (bytes === undefined) return 'unknown'
  const bad = (why: string) =>
    new SealiftError('BUNDLE_MIGRATIONS', 'the migrations of the release cannot be read', {
      why,
      fix: 'the vendor writes the file with npm run migrations, and seals it with --file migrations=PATH',
    })
  const value = parseJson(bytes, `the file ${migrationsFile}`)
  if (!Value.Check(Migrations, value)) {
    const [first] = Value.Errors(Migrations, value)
    throw bad(`${first?.instancePath || 'it'}: ${first?.message ?? 'does not fit'}`)
  }
  for (const [i, migration] of value.migrations.entries()) {
    const next = value.migrations[i + 1]
    if (next !== undefined && next.name <= migration.name) throw bad(`${next.name} stands behind ${migration.name}`)
    if ((migration.class === 'rewriting') !== migration.tables.length > 0)
      throw bad(`${migration.name} is ${migration.class} and names ${migration.tables.length} tables`)
    if (migration.class === 'additive' && !migration.hasBack)
      throw bad(`${migration.name} is additive and comes without what takes it back`)
  }
  return value.migrations
}

/** The bytes of the file `migrations`. */
export const migrationsFileOf = (migrations: readonly ReleaseMigration[]): Uint8Array =>
  toJson({ apiVersion: 'sealift.dev/v1', kind: 'Migrations', migrations })
