import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { withRoot } from '../images/buildah.ts'
import { sourceDate } from '../images/rootfs.ts'
import type { Attachment } from './attach.ts'
import { imageContents } from './contents.ts'
import { sbomDocument, sbomType } from './document.ts'
import type { NpmPackage } from './npm.ts'

/** Raise it when the way of writing changes what comes out. */
const recipe = 1

export interface SbomOptions {
  name: string
  version: string
  /** of the image in the local storage */
  tag: string
  /** of its manifest */
  digest: string
  /** npm packages that a bundler made part of its scripts */
  bundled: readonly NpmPackage[]
  /** where the documents of earlier runs are kept */
  directory: string
}

/** The SBOM of an image, written once for each state of it. */
export async function sbomOf(options: SbomOptions, signal?: AbortSignal): Promise<Attachment> {
  const { name, version, tag, digest, bundled, directory } = options
  const key = createHash('sha256')
    .update(JSON.stringify([recipe, name, version, digest, bundled]))
    .digest('hex')
  const attachment = (text: string) => ({ name: `${name}.cdx.json`, type: sbomType, bytes: Buffer.from(text) })
  const path = join(directory, `${name}.cdx`)
  const [known, ...kept] = (await readFile(path, 'utf8').catch(() => '')).split('\n')
  if (known === key) return attachment(kept.join('\n'))
  const contents = await withRoot(tag, (root) => imageContents(root, bundled), signal)
  const text = sbomDocument({ kind: 'container', name, version, digest, sourceDate: Number(sourceDate) }, contents)
  await writeFile(path, `${key}\n${text}`)
  return attachment(text)
}
