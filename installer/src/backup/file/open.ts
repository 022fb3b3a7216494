import type { FileHandle } from 'node:fs/promises'
import { checkDescriptor, type Descriptor, mediaTypes } from '@sealift/bundle-spec/descriptor.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { parseJson } from '@sealift/bundle-spec/json.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
import {
  behind,
  blobName,
  type Entry,
  endMarker,
  layoutDocument,
  names,
  readHeader,
  record,
} from '@sealift/bundle-spec/tar.ts'
import { readDocument, verified } from '@sealift/bundle-spec/verify.ts'
import { openRegular } from '../../input/regular-file.ts'
import { readExactly } from '../../stores/read-exactly.ts'
import { type BackupDocument, checkDocument } from '../document.ts'
import { damagedBackup } from '../fault.ts'
import { backupType, documentType, encrypted, type Part, parts } from '../media-types.ts'
import { type Key, unsealing, wrongKey } from './seal.ts'

/** A backup in its file. What it says of itself has been checked; its parts are checked while they are read. */
export interface BackupFile {
  readonly path: string
  /** digest of its manifest: it covers all that is in it */
  readonly id: string
  /** bytes of the file */
  readonly size: number
  readonly document: BackupDocument
  /** bytes of a part, as it lies there */
  sizeOf(part: Part): number
  /** A part as it lies there. Each chunk is good until the next is asked for. @throws SealiftError BACKUP_DAMAGED, while reading */
  raw(part: Part): AsyncIterable<Uint8Array>
  /** A part, decrypted. Each chunk is good until the next is asked for. @throws SealiftError BACKUP_DAMAGED, BACKUP_KEY, while reading */
  read(part: Part, key: Key | undefined): AsyncIterable<Uint8Array>
  close(): Promise<void>
}

/** files in a backup: its layout, five parts, three documents */
const mostEntries = 16

/**
 * Opens a backup; nobody has vouched for the file.
 * @throws SealiftError USAGE_BACKUP_FILE where it cannot be read, BACKUP_FORMAT where it is none, BACKUP_DAMAGED
 */
export async function openBackup(path: string): Promise<BackupFile> {
  const { handle: file, size } = await openRegular(
    path,
    (why, cause) =>
      new SealiftError('USAGE_BACKUP_FILE', `${path} cannot be read`, {
        why,
        fix: 'see which are known and where: sealift backup list',
        cause,
      }),
  )
  try {
    return await readBackup(file, size, path)
  } catch (error) {
    await file.close()
    throw asDamage(error, path)
  }
}

/** The failures of content, in the words of backups. */
const asDamage = (error: unknown, path: string): unknown =>
  error instanceof SealiftError && error.code.startsWith('BUNDLE_')
    ? damagedBackup(path, error.why ? `${error.message}: ${error.why}` : error.message, error)
    : error

async function readBackup(file: FileHandle, size: number, path: string): Promise<BackupFile> {
  const entries = await readEntries(file, size, path)
  const origin = `backup ${path}`
  const unread = new Set(entries.keys())
  const take = (descriptor: Descriptor): Entry => {
    const name = blobName(descriptor.digest)
    const entry = entries.get(name)
    if (!entry) throw damagedBackup(path, `it has no ${name}`)
    if (entry.size !== descriptor.size) throw damagedBackup(path, `${name} has another size than it should`)
    unread.delete(name)
    return entry
  }
  const json = async (value: unknown, mediaType: string) => {
    const descriptor = checkDescriptor(value, origin)
    if (descriptor.mediaType !== mediaType)
      throw damagedBackup(path, `it has a ${descriptor.mediaType} where ${mediaType} stands`)
    const entry = take(descriptor)
    return parseJson(await readDocument(descriptor, async () => copied(content(file, entry)), origin), mediaType)
  }

  const last = entries.get(names.index) as Entry
  if (last.size > limits.document) throw damagedBackup(path, 'its index.json is too large')
  const bytes = await readExactly(file, last.offset, last.size)
  const index = parseJson(bytes ?? Buffer.alloc(0), names.index) as { manifests?: unknown } | null
  if (!Array.isArray(index?.manifests) || index.manifests.length !== 1)
    throw damagedBackup(path, 'its index.json does not name one manifest')
  const manifest = (await json(index.manifests[0], mediaTypes.manifest)) as { [field: string]: unknown } | null
  if (manifest?.artifactType !== backupType || !Array.isArray(manifest.layers))
    throw notOne(path, 'its manifest is not that of a backup')
  const document = checkDocument(await json(manifest.config, documentType), path)
  const isEncrypted = document.encryption !== 'none'
  const layers = manifest.layers.map((layer) => checkDescriptor(layer, origin))
  const kinds = Object.entries(parts) as [Part, string][]
  const found = new Map(
    kinds.map(([part, plain]) => {
      const wanted = isEncrypted ? encrypted(plain) : plain
      const [only, ...more] = layers.filter(({ mediaType }) => mediaType === wanted)
      if (!only || more.length > 0) throw damagedBackup(path, `it does not have exactly one part of kind ${part}`)
      return [part, { descriptor: only, entry: take(only) }] as const
    }),
  )
  if (layers.length !== found.size) throw damagedBackup(path, 'it has parts that no backup has')
  unread.delete(names.layout)
  unread.delete(names.index)
  for (const name of unread) throw damagedBackup(path, `it holds ${name}, which nothing in it refers to`)

  const partOf = (part: Part) => found.get(part) as { descriptor: Descriptor; entry: Entry }
  async function* raw(part: Part): AsyncGenerator<Uint8Array> {
    const { descriptor, entry } = partOf(part)
    try {
      yield* verified(descriptor, content(file, entry), origin)
    } catch (error) {
      throw asDamage(error, path)
    }
  }
  return {
    ...{ path, document, raw, size },
    id: checkDescriptor(index.manifests[0], origin).digest,
    sizeOf: (part) => partOf(part).descriptor.size,
    async *read(part, key) {
      if (!isEncrypted) return yield* raw(part)
      if (key === undefined) throw wrongKey(path)
      yield* (await unsealing(key, path))(copied(raw(part)))
    },
    close: () => file.close(),
  }
}

/** bytes of one read */
const chunkSize = 1 << 20

/** An entry's content, all of it through one buffer: new memory for each read of a large dump waits for a collection. */
async function* content(file: FileHandle, { offset, size }: Entry): AsyncGenerator<Uint8Array, void> {
  const buffer = Buffer.allocUnsafeSlow(Math.min(chunkSize, size))
  for (let at = 0; at < size; ) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, size - at), offset + at)
    // cut since it was opened: whoever checks the size says so
    if (bytesRead === 0) return
    at += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}

/** Chunks for those who keep them. */
async function* copied(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  for await (const chunk of chunks) yield Uint8Array.from(chunk)
}

/** The files of the tar by name, each as it may be in a backup: `oci-layout` first, `index.json` last. */
async function readEntries(file: FileHandle, size: number, path: string): Promise<ReadonlyMap<string, Entry>> {
  const entries = new Map<string, Entry>()
  for (let at = 0; ; ) {
    const block = await readExactly(file, at, record)
    if (at === 0 && !block?.subarray(0, names.layout.length).equals(Buffer.from(names.layout)))
      throw notOne(path, 'it does not begin as one')
    if (!block) throw damagedBackup(path, `it ends after ${size} bytes, without its end marker`)
    const header = readHeader(block)
    if (!header) {
      if (at + endMarker !== size || !(await isEmpty(file, at, endMarker)))
        throw damagedBackup(path, 'its end is not as it should be')
      break
    }
    const entry = { ...header, offset: at + record }
    if (entries.has(entry.name)) throw damagedBackup(path, `it holds ${entry.name} twice`)
    if (entries.size === mostEntries) throw notOne(path, `it has more than ${mostEntries} files`)
    entries.set(entry.name, entry)
    at = behind(entry)
    if (at > size) throw damagedBackup(path, `${entry.name} would end behind the end of the file`)
    if (!(await isEmpty(file, entry.offset + entry.size, at - entry.offset - entry.size)))
      throw damagedBackup(path, `there is something behind ${entry.name}`)
  }
  if ([...entries.keys()].at(-1) !== names.index) throw notOne(path, `it does not end with ${names.index}`)
  const layout = entries.get(names.layout) as Entry
  const text = layout.size === layoutDocument.length && (await readExactly(file, layout.offset, layout.size))
  if (!text || !layoutDocument.equals(text)) throw notOne(path, 'its oci-layout is another one')
  return entries
}

const isEmpty = async (file: FileHandle, offset: number, length: number): Promise<boolean> =>
  (await readExactly(file, offset, length))?.every((byte) => byte === 0) ?? false

const notOne = (path: string, why: string): SealiftError =>
  new SealiftError('BACKUP_FORMAT', `${path} is not a backup`, {
    why,
    fix: 'name a file that sealift backup create wrote; see: sealift backup list',
  })
