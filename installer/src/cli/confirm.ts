import { createInterface } from 'node:readline/promises'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { shellWord } from '../shell-word.ts'

export interface Confirmation {
  question: string
  /** what is to be typed */
  word: string
  /** machines read what is printed: nobody is asked */
  json: boolean
}

/** What was typed, and asks nothing. No secret is ever a word of a command. */
const unasked = (): string => ['sealift', ...process.argv.slice(2), '--yes'].map(shellWord).join(' ')

/**
 * Asks on the terminal for one word before something that can't be taken back.
 * @throws SealiftError USAGE_UNCONFIRMED where nobody can be asked, or another word is typed
 */
export async function confirm({ question, word, json }: Confirmation, signal: AbortSignal): Promise<void> {
  const refused = (why: string) =>
    new SealiftError('USAGE_UNCONFIRMED', 'nothing was changed', { why, fix: `where you are sure: ${unasked()}` })
  if (json || !process.stdin.isTTY || !process.stderr.isTTY) throw refused('there is nobody to ask')
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const closed = new Promise<never>((_, reject) => terminal.once('close', () => reject(refused('nothing was typed'))))
    const typed = await Promise.race([terminal.question(`${question} `, { signal }), closed])
    if (typed.trim() !== word) throw refused(`it takes the word "${word}" to go on`)
  } finally {
    terminal.close()
  }
}
