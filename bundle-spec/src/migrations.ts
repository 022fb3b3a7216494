import Type from 'typebox'

/**
 * What a migration does to the way back. `additive`: the manager of the release before works on the new schema, and the
 * migration can be taken back without losing anything. `rewriting`: it changes the rows of `tables`, or what they may hold.
 * `irreversible`: it throws something away. The way back from the last two is a backup. SPEC.md, "Migrations".
 */
export const MigrationClass = Type.Union([
  Type.Literal('additive'),
  Type.Literal('rewriting'),
  Type.Literal('irreversible'),
])
export type MigrationClass = Type.Static<typeof MigrationClass>

export const MigrationName = Type.String({ pattern: '^[0-9]{3}_[a-z0-9_]{1,60}\\.sql$' })
