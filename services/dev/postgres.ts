import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { initializeDatabase, ownByDatabase, startDatabase, stopDatabase } from './postgres-program.ts'

export type DevPostgres = { port: number; user: string; passwordFile: string; stop(): Promise<void> }

/** Starts a PostgreSQL on loopback; its data stays in `home` until that is deleted. */
export async function startDevPostgres(home: string, port: number, password: string): Promise<DevPostgres> {
  const data = join(home, 'data')
  const passwordFile = join(home, 'password')
  await mkdir(data, { recursive: true, mode: 0o700 })
  if (!existsSync(passwordFile)) await writeFile(passwordFile, password, { mode: 0o600 })
  for (const path of [home, data, passwordFile]) await ownByDatabase(path)
  if (!existsSync(join(data, 'PG_VERSION'))) await initializeDatabase(data, passwordFile)
  // Ctrl-C reaches the whole group: the database must outlive the manager
  const server = await startDatabase(data, port, { detached: true })
  return { port, user: 'postgres', passwordFile, stop: () => stopDatabase(server) }
}
