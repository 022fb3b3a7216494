import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { CompleteAnswers } from '../answers/schema.ts'
import type { Key, Protection } from '../backup/file/seal.ts'
import { appliedMigrations } from '../database/applied-migrations.ts'
import { createContext, type InstallContext, type InstallDeps } from '../install/context.ts'
import type { JournalEntry } from '../install/journal.ts'
import { once } from '../install/once.ts'
import { needsBackup, type Pending, pendingOf, releaseMigrations } from './plan/migrations.ts'
import { postgresMajor } from './postgres-major.ts'
import { type UpgradeRecord, writeRecord } from './record.ts'
import { type DatabaseUse, inDatabase } from './with-database.ts'

/** What the operator decides about an upgrade, beside the answers of the site. */
export interface UpgradeOptions {
  /** where backups go, and who can read them: everybody who has the file by default */
  backup: { directory: string; protection?: Protection | undefined; key?: Key | undefined }
  /** milliseconds from the notice that people get to the first change */
  notice: number
  /** whether fields that somebody has changed by hand, and that the release sets too, are taken over */
  takeOver: boolean
}

/** What the stages of one step share, from one release to the next. */
export interface StepContext extends InstallContext {
  /** the stage that failed */
  failing?: string
  options: UpgradeOptions
  /** what the cluster knows of this step */
  record(): UpgradeRecord
  /** changes that; it is in the cluster when this returns */
  note(change: Partial<UpgradeRecord>): Promise<void>
  /** the database, for as long as the work takes */
  withDatabase: DatabaseUse
  /** migrations of the next release that the database does not have, now */
  pending(): Promise<Pending>
  /** whether PostgreSQL changes its major version */
  movesDatabase(): Promise<boolean>
  /** whether the way back takes the database from the backup: then nobody writes until the step has ended */
  returnsByBackup(): Promise<boolean>
}

export interface StepDeps extends InstallDeps {
  options: UpgradeOptions
  record: UpgradeRecord
}

export function createStepContext(
  answers: CompleteAnswers,
  { options, record: begun, ...deps }: StepDeps,
  signal: AbortSignal,
  earlier: readonly JournalEntry[],
): StepContext {
  const context = createContext(answers, deps, signal, earlier)
  let record = begun
  const withDatabase: DatabaseUse = (work) => inDatabase(context.cluster(), answers.namespace, work)
  const movesDatabase = once(async () => {
    const next = postgresMajor(await context.objects())
    return next !== undefined && next !== record.from.postgres
  })
  const known = once(() => releaseMigrations(context.bundle))
  const pending = async () => pendingOf(await known(), await withDatabase(appliedMigrations))
  return {
    ...context,
    upgrades: true,
    options,
    record: () => record,
    async note(change) {
      record = { ...record, ...change }
      await writeRecord(context.cluster(), answers.namespace, record)
    },
    withDatabase,
    pending,
    movesDatabase,
    returnsByBackup: once(async () => (await movesDatabase()) || needsBackup(await pending())),
  }
}

/** Fails where a stage finds the world otherwise than it can be. */
export const unexpected = (message: string): SealiftError => new SealiftError('INTERNAL_UPGRADE', message)
