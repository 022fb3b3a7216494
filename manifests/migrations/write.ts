import { writeFile } from 'node:fs/promises'
import { migrationsFileOf } from '@sealift/bundle-spec/migrations.ts'
import { migrationsDirectory, readMigrations } from '../../services/manager/migration.ts'

/**
 * Writes the file `migrations` of a release: what the manager will apply, and of which class each is.
 * @throws Error that names the migration at fault
 */
export async function writeMigrationsFile(path: string, directory: URL = migrationsDirectory): Promise<void> {
  const migrations = await readMigrations(directory)
  const listed = migrations.map(({ name, hash, class: kind, tables, says, back }) => ({
    name,
    hash,
    class: kind,
    tables,
    says,
    hasBack: back !== undefined,
  }))
  await writeFile(path, migrationsFileOf(listed))
}
