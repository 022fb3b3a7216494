import { readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Metafile } from 'esbuild'

export interface NpmPackage {
  name: string
  version: string
  /** as its package.json says it: an SPDX expression, mostly */
  license?: string
}

/** The npm packages of which at least one byte went into what esbuild made (esbuild.github.io/api/#metafile). */
export async function bundledPackages(metafile: Metafile, workingDirectory: string): Promise<NpmPackage[]> {
  return distinct(await Promise.all((await bundledFolders(metafile, workingDirectory)).map(packageIn)))
}

/** The folders of those packages, sorted. */
export async function bundledFolders({ inputs, outputs }: Metafile, workingDirectory: string): Promise<string[]> {
  const used = new Set<string>()
  for (const output of Object.values(outputs))
    for (const [path, { bytesInOutput }] of Object.entries(output.inputs))
      if (bytesInOutput > 0 && path in inputs && /(^|\/)node_modules\//.test(path)) used.add(dirname(path))
  const known = new Map<string, Promise<string | undefined>>()
  /** that of the nearest package.json with a name and a version: those without only say how their folder is loaded */
  const nearest = (directory: string): Promise<string | undefined> => {
    const found = known.get(directory) ?? look(directory)
    known.set(directory, found)
    return found
  }
  const look = async (directory: string): Promise<string | undefined> => {
    const folder = join(workingDirectory, directory)
    if (await packageIn(folder)) return folder
    return directory.endsWith('node_modules') || directory === '.' ? undefined : nearest(dirname(directory))
  }
  const folders = await Promise.all([...used].map(nearest))
  return [...new Set(folders.filter((folder) => folder !== undefined))].sort()
}

/** The npm packages installed anywhere below a directory, in `node_modules` folders; links are not followed. */
export async function installedPackages(directory: string): Promise<NpmPackage[]> {
  const found: (NpmPackage | undefined)[] = []
  const walk = async (path: string, holder: boolean): Promise<void> => {
    for (const entry of await readdir(path, { withFileTypes: true }).catch(() => [])) {
      if (!entry.isDirectory()) continue
      const inside = join(path, entry.name)
      const scope = holder && entry.name.startsWith('@')
      if (holder && !scope) found.push(await packageIn(inside))
      await walk(inside, entry.name === 'node_modules' || scope)
    }
  }
  await walk(directory, false)
  return distinct(found)
}

/** What the package.json of a folder says, where it has a name and a version. */
export async function packageIn(directory: string): Promise<NpmPackage | undefined> {
  const text = await readFile(join(directory, 'package.json'), 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  const { name, version, license, licenses } = JSON.parse(text) as Record<string, unknown>
  if (typeof name !== 'string' || typeof version !== 'string' || name === '' || version === '') return undefined
  // old packages have an object, or a list of them: docs.npmjs.com/cli/configuring-npm/package-json#license
  const said = [license ?? licenses].flat().map((one) => (one as { type?: unknown } | undefined)?.type ?? one)
  const names = said.filter((one): one is string => typeof one === 'string' && one !== '')
  return { name, version, ...(names.length > 0 ? { license: names.join(' OR ') } : {}) }
}

/** Each name and version once, sorted. */
export function distinct(packages: readonly (NpmPackage | undefined)[]): NpmPackage[] {
  const named = packages.flatMap((one) => (one ? [[`${one.name}@${one.version}`, one] as const] : []))
  return [...new Map(named)].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one)
}
