import { randomBytes } from 'node:crypto'

const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789'

/** A random identifier of ten characters from a-z and 0-9 (51 bits): of users and of workspaces. */
export function newIdentifier(): string {
  let text = ''
  while (text.length < 10)
    for (const byte of randomBytes(16)) {
      // 252 = 7 * 36: larger bytes would make some characters likelier than others
      if (byte < 252 && text.length < 10) text += alphabet[byte % 36]
    }
  return text
}
