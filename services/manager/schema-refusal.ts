/** The exit code of a manager that does not start because of what is in its database. */
export const refusedExitCode = 3

type Code = 'SCHEMA_NEWER' | 'SCHEMA_CHANGED' | 'SCHEMA_HALF' | 'MIGRATION_FAILED' | 'MIGRATION_BLOCKED'

/** Database and manager do not fit each other: nothing was changed, and nothing is until somebody has looked. */
export class SchemaRefusal extends Error {
  readonly code: Code
  readonly why: string
  readonly fix: string

  constructor(code: Code, message: string, { why, fix, cause }: { why: string; fix: string; cause?: unknown }) {
    super(message, cause === undefined ? {} : { cause })
    this.name = 'SchemaRefusal'
    this.code = code
    this.why = why
    this.fix = fix
  }
}
