import { readFileSync } from 'node:fs'
import path from 'node:path'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
import type { Draft } from '../answers/draft.ts'
import { writeWhole } from '../stores/write-whole.ts'

const fileOf = (directory: string) => path.join(directory, 'draft.json')

/** The answers that a session keeps in its directory; undefined where there are none yet. @throws SealiftError STORAGE_STATE */
export function readDraft(directory: string): Draft | undefined {
  const file = fileOf(directory)
  try {
    const draft: unknown = JSON.parse(readFileSync(file, 'utf8'))
    if (typeof draft === 'object' && draft !== null && !Array.isArray(draft)) return draft as Draft
    throw new Error('it does not hold answers')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new SealiftError('STORAGE_STATE', `the answers kept in ${file} cannot be read`, {
      why: (cause as Error).message,
      fix: 'begin anew: sealift install --new',
      cause,
    })
  }
}

/** Keeps answers; they are on the disk when this returns. @throws SealiftError STORAGE_STATE, USAGE_ANSWERS */
export function writeDraft(directory: string, draft: Draft): void {
  const text = JSON.stringify(draft)
  if (text.length > limits.configuration)
    throw new SealiftError('USAGE_ANSWERS', `the answers are longer than ${limits.configuration} characters`)
  try {
    writeWhole(fileOf(directory), text)
  } catch (cause) {
    throw new SealiftError('STORAGE_STATE', 'the answers cannot be kept', {
      why: (cause as Error).message,
      fix: `make room, then answer again: df -h ${directory}`,
      cause,
    })
  }
}
