import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parse } from 'yaml'
import type { ReleaseSource } from '../../../installer/src/build/source.ts'
import { migrationsDirectory } from '../../../services/manager/migration.ts'
import { deriveChart } from './derive-chart.ts'
import { extraMigrations, type ReleaseVariant } from './release-variant.ts'

const manifests = join(import.meta.dirname, '../../../manifests')

/** Writes into `directory` what a release is sealed from: its release.yaml, chart and migrations. Images are named by its version. */
export async function writeSource(
  directory: string,
  variant: ReleaseVariant,
): Promise<{ source: string; migrations: URL }> {
  const { version, upgradesFrom, noWayBack, postgres, chartValues = {} } = variant
  const at = (name: string) => join(directory, name)
  await deriveChart(join(manifests, 'chart'), at('chart'), version, {
    ...chartValues,
    defaults: { ...chartValues.defaults, ...(postgres ? { 'postgres.major': postgres } : {}) },
  })
  const original: ReleaseSource = parse(await readFile(join(manifests, 'release.yaml'), 'utf8'))
  const named = (reference: string) => reference.replace(/:[^:/]+$/, `:${version}`)
  const release = {
    ...original,
    version,
    upgradesFrom,
    ...(noWayBack ? { noWayBack } : {}),
    images: original.images.map((image) => ({ ...image, reference: named(image.reference) })),
    files: original.files.map(({ path, ...file }) => ({ ...file, ...(path ? { path: join(manifests, path) } : {}) })),
  }
  // JSON is YAML
  await writeFile(at('release.yaml'), JSON.stringify(release))
  const migrations = pathToFileURL(`${at('migrations')}/`)
  await cp(migrationsDirectory, migrations, { recursive: true })
  for (const [name, text] of Object.entries(await extraMigrations(variant)))
    await writeFile(new URL(name, migrations), text)
  return { source: at('release.yaml'), migrations }
}
