import type { Executed } from '../cluster/exec.ts'

/** `application_name` of our sessions */
export const ownName = 'sealift'

/** What goes into a program beside a database, and out of it. */
export interface ProgramStreams {
  stdin?: AsyncIterable<Uint8Array>
  onStdout?: (chunk: Uint8Array) => Promise<void> | void
  signal?: AbortSignal
  /** what an error calls it, where its first word says little */
  name?: string
}

/** Runs a program where PostgreSQL's own programs find the database by themselves (PGHOST, PGUSER, PGDATABASE). */
export type RunProgram = (command: readonly string[], streams: ProgramStreams) => Promise<Executed>

/**
 * The platform's database, asked as the role of the platform, whose tables are all in schema public. Every session shows
 * times, numbers and bytes in the same way, whatever the settings of the server are, may write even where writes are stopped,
 * and may take as long as it takes.
 */
export interface Database {
  /** whether it runs in the cluster, as a part of the platform */
  readonly own: boolean
  /** of the server: 17 */
  readonly major: number
  /** Rows of one statement, without a semicolon, that returns some. @throws SealiftError CLUSTER_SQL, CLUSTER_EXEC */
  query<T>(sql: string): Promise<T[]>
  /** Runs statements in one transaction. @throws SealiftError CLUSTER_SQL, CLUSTER_EXEC: nothing was changed */
  script(sql: string): Promise<void>
  /** Runs a program of PostgreSQL beside the database, to a good end. @throws SealiftError CLUSTER_SQL, CLUSTER_EXEC */
  exec(command: readonly string[], streams?: ProgramStreams): Promise<void>
  /** Ends whatever was started for it. */
  close(): Promise<void>
}
