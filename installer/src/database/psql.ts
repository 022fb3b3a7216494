import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { printable } from '../printable.ts'
import type { Database, ProgramStreams, RunProgram } from './database.ts'
import { lines } from './lines.ts'

/** Prints one row a line, its columns as they are, and ends at the first failure. */
export const psql = ['psql', '--no-psqlrc', '--quiet', '--no-align', '--tuples-only', '--set=ON_ERROR_STOP=1'] as const

/** What each session says first: so that text of the same row is the same everywhere, and nothing of the role's settings counts. */
export const sessionSettings = `SET default_transaction_read_only = off; SET statement_timeout = 0; SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0; SET client_min_messages = warning; SET client_encoding = 'UTF8';
SET standard_conforming_strings = on; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = postgres; SET TimeZone = 'UTC';
SET extra_float_digits = 3; SET bytea_output = hex; SET xmloption = content; SET search_path = public;
`

/** A statement that returns rows, as one that returns each row as a line of JSON. */
export const asJson = (sql: string): string =>
  `WITH sealift AS (\n${sql}\n) SELECT row_to_json(sealift) FROM sealift;\n`

/** Text as an SQL string (manual, "String Constants"; sessions have standard_conforming_strings on). */
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

/**
 * A database that programs reach. It asks the server for its version.
 * @throws SealiftError CLUSTER_SQL, CLUSTER_EXEC
 */
export async function databaseBy(
  run: RunProgram,
  { own, close = async () => {} }: { own: boolean; close?: () => Promise<void> },
): Promise<Database> {
  const exec = async (command: readonly string[], streams: ProgramStreams = {}) => {
    const { exitCode, stderr } = await run(command, streams)
    if (exitCode !== 0) throw failure(streams.name ?? command[0] ?? '', exitCode, stderr)
  }
  const query = async <T>(sql: string): Promise<T[]> => {
    const rows: T[] = []
    const take = lines((line) => void rows.push(JSON.parse(line)))
    await exec(psql, { stdin: one(sessionSettings + asJson(sql)), onStdout: take })
    return rows
  }
  const [version] = await query<{ major: number }>("SELECT current_setting('server_version_num')::int / 10000 AS major")
  return {
    own,
    major: version?.major ?? 0,
    query,
    // a script that is cut must not be carried out: psql runs a last statement without its semicolon, too
    script: (sql) => exec(psql, { stdin: one(`${sessionSettings}BEGIN;\n${sql}\n;COMMIT;\n`) }),
    exec,
    close,
  }
}

async function* one(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}

/** lines of a program's errors that are shown */
const shown = 6

function failure(program: string, exitCode: number, stderr: string): SealiftError {
  const said = stderr
    .split('\n')
    .map((line) => printable(line.replace(/^(psql:<stdin>:\d+|pg_\w+): /, '')))
    .filter(Boolean)
  return new SealiftError('CLUSTER_SQL', `${program} failed at the platform's database`, {
    why: said.slice(0, shown).join('; ') || `it ended with ${exitCode} and said nothing`,
    fix: 'see its words; then run the command again: nothing was changed',
  })
}
