import { constants, open } from 'node:fs/promises'
import { join } from 'node:path'
import { checkDescriptor, type Descriptor } from '@sealift/bundle-spec/descriptor.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { parseJson } from '@sealift/bundle-spec/json.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
import { names } from '@sealift/bundle-spec/tar.ts'
import { lookAt } from '../seems.ts'

/** Reads what index.json of an OCI layout names. @throws SealiftError STORAGE_LAYOUT */
export async function readEntries(directory: string): Promise<Descriptor[]> {
  const bad = (why: string, cause?: unknown) =>
    new SealiftError('STORAGE_LAYOUT', `${directory} is not an OCI layout`, {
      why,
      fix: `skopeo copy docker://IMAGE oci:${directory}:NAME makes one`,
      cause,
    })
  const read = async (name: string) => {
    const path = join(directory, name)
    const file = await openFile(path).catch(async (cause) => {
      if (cause.code === 'ENOENT') throw bad(`it has no ${name}`, cause)
      throw bad(
        cause.code === 'ENOTDIR' ? `it is no directory; ${await seen(directory)}` : `${path}: ${cause.code}`,
        cause,
      )
    })
    try {
      const info = await file.stat()
      if (!info.isFile() || info.size > limits.document)
        throw bad(`${path} is not a file of at most ${limits.document} bytes`)
      return parseJson(await file.readFile(), name) as { imageLayoutVersion?: unknown; manifests?: unknown } | null
    } finally {
      await file.close()
    }
  }
  try {
    if (typeof (await read(names.layout))?.imageLayoutVersion !== 'string') throw bad('oci-layout has no version')
    const manifests = (await read(names.index))?.manifests
    if (!Array.isArray(manifests)) throw bad('index.json lists nothing')
    return manifests.map((entry) => checkDescriptor(entry, names.index))
  } catch (error) {
    // documents of the vendor's own build machine, and no bundle's
    if (!(error instanceof SealiftError) || error.code === 'STORAGE_LAYOUT') throw error
    throw bad([error.message, error.why].filter(Boolean).join(': '), error)
  }
}

// without O_NONBLOCK a FIFO would wait for a writer for ever
const openFile = (path: string) => open(path, constants.O_RDONLY | constants.O_NONBLOCK)

/** What stands where a directory should. */
async function seen(path: string): Promise<string> {
  const file = await openFile(path).catch(() => undefined)
  try {
    return file && (await file.stat()).isFile() ? (await lookAt(file)).what : 'it is no file either'
  } finally {
    await file?.close()
  }
}
