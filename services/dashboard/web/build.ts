import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildPages, type Pages } from '@sealift/web/build.ts'

/** Builds the dashboard's web files into `directory`. Returns what they were made of. */
export async function buildDashboard(directory: string): Promise<Omit<Pages, 'files'>> {
  const { files, ...made } = await buildPages({ source: fileURLToPath(new URL('.', import.meta.url)), title: 'CDE' })
  await mkdir(join(directory, 'assets'), { recursive: true })
  for (const [path, bytes] of files) await writeFile(join(directory, path), bytes)
  return made
}
