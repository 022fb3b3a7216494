import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { debianLicenses } from './debian-license.ts'
import { readInRoot } from './root.ts'

export interface DebianPackage {
  name: string
  version: string
  architecture: string
  /** the source package it was built from: what Debian's security advisories name */
  source: { name: string; version: string }
  maintainer?: string
  /** short names of its machine-readable copyright file, as SPDX writes them where it knows them */
  licenses: string[]
}

/** The packages that dpkg holds for installed in a root file system (deb-control(5), dpkg-query(1)), by name. */
export async function debianPackages(root: string): Promise<DebianPackage[]> {
  const status = await readFile(join(root, 'var/lib/dpkg/status'), 'utf8')
  const installed = status
    .split(/\n\n+/)
    .map(fieldsOf)
    .filter((fields) => fields.Status?.endsWith(' ok installed'))
  const packages = await Promise.all(
    installed.map(async ({ Package: name = '', Version: version = '', Architecture, Source, Maintainer }) => {
      const [, source = name, sourceVersion = version] = /^(\S+)(?: \((.+)\))?$/.exec(Source ?? '') ?? []
      const copyright = await readInRoot(root, `usr/share/doc/${name}/copyright`)
      return {
        name,
        version,
        architecture: Architecture ?? 'all',
        source: { name: source, version: sourceVersion },
        ...(Maintainer === undefined ? {} : { maintainer: Maintainer }),
        licenses: copyright === undefined ? [] : debianLicenses(copyright),
      }
    }),
  )
  return packages.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}

/** The one-line fields of a stanza; lines that go on are passed over. */
function fieldsOf(stanza: string): Partial<Record<string, string>> {
  return Object.fromEntries(
    stanza.split('\n').flatMap((line) => {
      const [, name, value] = /^([A-Za-z][\w-]*):\s*(.*)$/.exec(line) ?? []
      return name === undefined ? [] : [[name, value]]
    }),
  )
}

/** Name and version of the distribution (os-release(5)), with the point release where Debian says it. */
export async function distribution(root: string): Promise<{ name: string; version: string } | undefined> {
  const text = (await readInRoot(root, 'etc/os-release')) ?? (await readInRoot(root, 'usr/lib/os-release'))
  if (text === undefined) return undefined
  const value = (key: string) => new RegExp(`^${key}="?([^"\n]*)"?$`, 'm').exec(text)?.[1]
  return { name: value('ID') ?? 'linux', version: value('DEBIAN_VERSION_FULL') ?? value('VERSION_ID') ?? '' }
}
