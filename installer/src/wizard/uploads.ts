import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { fieldAt } from '../answers/field.ts'
import { writeWhole } from '../stores/write-whole.ts'

/** bytes; keys, certificates and kubeconfigs are small, and the bundle is never uploaded */
export const mostUploaded = 1 << 20

const placeIn = (directory: string) => path.join(directory, 'uploads')

/** Paths of the files that were uploaded to a directory. */
export const uploadsOf = (directory: string): string[] =>
  existsSync(placeIn(directory))
    ? readdirSync(placeIn(directory)).map((name) => path.join(placeIn(directory), name))
    : []

/**
 * Keeps a file for an answer, in the directory of the session, readable by its owner only. The name is for people: what
 * in it could lead elsewhere is left out.
 * @throws SealiftError SESSION_UPLOAD, STORAGE_STATE
 */
export function keepUpload(directory: string, pointer: string, name: string, bytes: Uint8Array): string {
  const field = fieldAt(pointer)
  if (!(field?.file || field?.items?.file) || pointer === '/bundle')
    throw new SealiftError('SESSION_UPLOAD', `no file is taken for ${JSON.stringify(pointer.slice(0, 200))}`, {
      fix: 'the bundle stays where it is: name its path on this machine',
    })
  if (bytes.length === 0 || bytes.length > mostUploaded)
    throw new SealiftError('SESSION_UPLOAD', `a file for ${pointer} has 1 to ${mostUploaded} bytes`, {
      why: `this one has ${bytes.length}`,
    })
  const plain =
    path
      .basename(name)
      .replace(/[^\w.-]+/g, '-')
      .replace(/^[.-]+/, '')
      .slice(-60) || 'file'
  const of = pointer.slice(1).replaceAll('/', '-')
  // what is uploaded again must not change under one who reads it
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 8)
  const file = path.join(placeIn(directory), `${of}-${hash}-${plain}`)
  try {
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
    writeWhole(file, bytes)
  } catch (cause) {
    throw new SealiftError('STORAGE_STATE', 'the file cannot be kept', {
      why: (cause as Error).message,
      fix: `make room: df -h ${directory}`,
      cause,
    })
  }
  return file
}

/** Removes an upload that no answer names any more. What is not an upload of this directory is left alone. */
export function dropUpload(directory: string, file: unknown): void {
  if (typeof file === 'string' && path.dirname(file) === placeIn(directory)) rmSync(file, { force: true })
}
