import { limits } from '@sealift/bundle-spec/limits.ts'
import { readDraft } from '../answers/read.ts'
import { writeAnswersRemarked } from '../answers/write.ts'
import { openBackup } from './file/open.ts'
import type { Key } from './file/seal.ts'
import { wholeText } from './secrets.ts'
import { assertKey } from './verify.ts'

/**
 * The answers in a backup, as the text of an answers file in which each path says that it was another machine's.
 * @throws SealiftError BACKUP_*, USAGE_ANSWERS where somebody had changed them beyond reading
 */
export async function keptAnswersIn(path: string, key: Key | undefined): Promise<string> {
  const file = await openBackup(path)
  try {
    assertKey(file, key)
    const text = await wholeText(file.read('answers', key), limits.configuration, path)
    return writeAnswersRemarked(readDraft(text, path).draft, 'on the machine that installed: name it anew')
  } finally {
    await file.close()
  }
}
