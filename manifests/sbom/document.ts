import { createHash } from 'node:crypto'
import { Contrib, Enums, Models, Serialize, SPDX, Spec } from '@cyclonedx/cyclonedx-library'
import type { ImageContents } from './contents.ts'

export const sbomType = 'application/vnd.cyclonedx+json'

export interface SbomSubject {
  /** an image, or a program */
  kind: 'container' | 'application'
  name: string
  version: string
  /** of the image's manifest, or of the program */
  digest: string
  /** seconds since 1970: stated, so that the same image gives the same bytes */
  sourceDate: number
}

const licensesOf = new Contrib.License.Factories.LicenseFactory(checkExpression)

/**
 * The SBOM of an image or a program in CycloneDX 1.6 (JSON). Nothing in it changes from run to run: the serial number is made from what
 * it says, as BOM-Link wants it to be another one for another document (cyclonedx.org/capabilities/bomlink).
 */
export function sbomDocument(subject: SbomSubject, contents: ImageContents): string {
  const { kind, name, version, digest } = subject
  const [type, purl] =
    kind === 'container'
      ? [Enums.ComponentType.Container, `pkg:oci/${name}@${encode(digest)}`]
      : [Enums.ComponentType.Application, `pkg:generic/${name}@${encode(version)}?checksum=${digest}`]
  const own = new Models.Component(type, name, { version, purl, bomRef: name })
  own.hashes.set(Enums.HashAlgorithm['SHA-256'], digest.replace('sha256:', ''))
  const components = componentsOf(contents)
  for (const { bomRef } of components) own.dependencies.add(bomRef)
  const bom = new Models.Bom({
    metadata: new Models.Metadata({ component: own, timestamp: new Date(subject.sourceDate * 1000) }),
    components: new Models.ComponentRepository(components),
  })
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6))
  const write = () => `${serializer.serialize(bom, { sortLists: true, space: 1 })}\n`
  bom.serialNumber = `urn:uuid:${uuidOf(write())}`
  return write()
}

function componentsOf({ distribution, debian, npm, programs }: ImageContents): Models.Component[] {
  const { Component } = Models
  const { Application, Library, OperatingSystem } = Enums.ComponentType
  const system = distribution
    ? [new Component(OperatingSystem, distribution.name, { version: distribution.version, bomRef: 'distribution' })]
    : []
  const distro = distribution ? `&distro=${distribution.name}-${distribution.version}` : ''
  const fromDebian = debian.map(({ name, version, architecture, source, maintainer, licenses }) => {
    // the qualifier by which scanners match advisories, which Debian writes about source packages
    const upstream =
      source.name === name && source.version === version
        ? ''
        : `&upstream=${encode(source.version === version ? source.name : `${source.name}@${source.version}`)}`
    const purl = `pkg:deb/debian/${encode(name)}@${encode(version)}?arch=${architecture}${distro}${upstream}`
    return new Component(Library, name, {
      version,
      purl,
      bomRef: purl,
      ...(maintainer === undefined ? {} : { supplier: new Models.OrganizationalEntity({ name: maintainer }) }),
      licenses: new Models.LicenseRepository(licenses.map((license) => licensesOf.makeDisjunctive(license))),
    })
  })
  const fromNpm = npm.map(({ name: full, version, license }) => {
    const [, group, name = full] = /^(@[^/]+)\/(.+)$/.exec(full) ?? []
    const purl = `pkg:npm/${group === undefined ? '' : `${encode(group)}/`}${encode(name)}@${encode(version)}`
    return new Component(Library, name, {
      ...(group ? { group } : {}),
      version,
      purl,
      bomRef: purl,
      ...licensed(license),
    })
  })
  const own = programs.map(({ name, version, purl, cpe, license, parts }) => {
    const inside = parts.map(
      (part) => new Component(Library, part.name, { version: part.version, bomRef: `${purl}#${part.name}` }),
    )
    return new Component(Application, name, {
      version,
      purl,
      bomRef: purl,
      ...(cpe === undefined ? {} : { cpe }),
      ...licensed(license),
      components: new Models.ComponentRepository(inside),
    })
  })
  const known = new Set(own.map(({ purl }) => purl))
  return [...system, ...fromDebian, ...fromNpm.filter(({ purl }) => !known.has(purl)), ...own]
}

const licensed = (license: string | undefined) =>
  license === undefined ? {} : { licenses: new Models.LicenseRepository([licensesOf.makeFromString(license)]) }

/** Throws where a text is no SPDX license expression (SPDX 2.3, annex D): what is no expression is kept as a name. */
function checkExpression(text: string): void {
  const words = text.replace(/[()]/g, ' ').trim().split(/\s+/)
  const operator = (word: string) => word === 'AND' || word === 'OR' || word === 'WITH'
  const sound = words.every((word, i) => {
    if (i % 2 === 1) return operator(word)
    return words[i - 1] === 'WITH' ? /^[\w.-]+$/.test(word) : SPDX.isSupportedSpdxId(word)
  })
  if (!sound || words.length % 2 === 0) throw new RangeError(`${text} is no license expression`)
}

/** A UUID of version 8 (RFC 9562: made in one's own way) from a hash of a text. */
function uuidOf(text: string): string {
  const bytes = createHash('sha256').update(text).digest().subarray(0, 16)
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x80
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

const encode = encodeURIComponent
