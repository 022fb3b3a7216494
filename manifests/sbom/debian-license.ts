import { SPDX } from '@cyclonedx/cyclonedx-library'

/** Debian's names of families with versions, and what SPDX calls them. */
const families = /^(A?GPL|LGPL|GFDL(?:-NIV)?)-?(\d+(?:\.\d+)?)(\+)?$/i
const others: Readonly<Record<string, string>> = {
  expat: 'MIT',
  'bsd-2-clauses': 'BSD-2-Clause',
  'bsd-3-clauses': 'BSD-3-Clause',
  artistic: 'Artistic-1.0-Perl',
}

/**
 * The licenses that a machine-readable copyright file names (Debian, copyright-format 1.0, "License field"), each once,
 * sorted. An older file, which is prose, names none here.
 */
export function debianLicenses(copyright: string): string[] {
  if (!/^Format:\s*\S*copyright-format/m.test(copyright)) return []
  const names = [...copyright.matchAll(/^License:[ \t]*(\S.*)$/gm)]
    .flatMap(([, value = '']) => value.split(/,?\s+(?:and\/or|and|or)\s+|,\s+/))
    .map((name) => asSpdx(name.trim()))
  return [...new Set(names)].filter((name) => name !== '').sort()
}

/** Debian's short name of a license as SPDX writes it; unchanged where SPDX has none. */
function asSpdx(name: string): string {
  const [, family, number, later] = families.exec(name) ?? []
  if (family !== undefined && number !== undefined) {
    const id = `${family.toUpperCase().replace('-NIV', '')}-${number.includes('.') ? number : `${number}.0`}`
    const full = SPDX.fixupSpdxId(`${id}-${later ? 'or-later' : 'only'}`)
    if (full !== undefined) return full
  }
  return others[name.toLowerCase()] ?? SPDX.fixupSpdxId(name) ?? name
}
