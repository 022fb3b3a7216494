import { join } from 'node:path'
import { checkDescriptor, type Descriptor } from '@sealift/bundle-spec/descriptor.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { parseJson } from '@sealift/bundle-spec/json.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
import { names } from '@sealift/bundle-spec/tar.ts'
import { openRegular, statOf } from '../../input/regular-file.ts'
import { readSmallFile } from '../../input/small-file.ts'
import { lookAt } from '../seems.ts'

/** Reads what index.json of an OCI layout names. @throws SealiftError STORAGE_LAYOUT */
export async function readEntries(directory: string): Promise<Descriptor[]> {
  const bad = (why: string, cause?: unknown) =>
    new SealiftError('STORAGE_LAYOUT', `${directory} is not an OCI layout`, {
      why,
      fix: `skopeo copy docker://IMAGE oci:${directory}:NAME makes one`,
      cause,
    })
  const refuse = (path: string) => (why: string, cause?: unknown) => bad(`${path}: ${why}`, cause)
  if (!statOf(directory, refuse(directory)).isDirectory()) throw bad(`it is no directory; ${await seen(directory)}`)
  const read = (name: string) => {
    const path = join(directory, name)
    const bytes = readSmallFile(path, limits.document, refuse(path))
    return parseJson(bytes, name) as { imageLayoutVersion?: unknown; manifests?: unknown } | null
  }
  try {
    if (typeof read(names.layout)?.imageLayoutVersion !== 'string') throw bad('oci-layout has no version')
    const manifests = read(names.index)?.manifests
    if (!Array.isArray(manifests)) throw bad('index.json lists nothing')
    return manifests.map((entry) => checkDescriptor(entry, names.index))
  } catch (error) {
    // documents of the vendor's own build machine, and no bundle's
    if (!(error instanceof SealiftError) || error.code === 'STORAGE_LAYOUT') throw error
    throw bad([error.message, error.why].filter(Boolean).join(': '), error)
  }
}

/** What stands where a directory should. */
async function seen(path: string): Promise<string> {
  try {
    const { handle } = await openRegular(path, (why) => new Error(why))
    return (await lookAt(handle).finally(() => handle.close())).what
  } catch (error) {
    return (error as Error).message
  }
}
