import { removed } from './known-values.ts'

const blob = /[A-Za-z0-9+/_-]{16,}={0,2}/g
/** nobody's base64 has no large letter */
const digest = /^[0-9a-f-]+$/
/** of what is decoded, how much must be text */
const readable = 0.9

/**
 * Removes base64 in which something secret stands, whatever is around it there. Wherever the base64 begins: a path before
 * it looks like a part of it.
 */
export function removeEncoded(line: string, isSecret: (text: string) => boolean): { text: string; found: number } {
  let found = 0
  const text = line.replace(blob, (all) => {
    if (digest.test(all)) return all
    for (let skip = 0; skip < 4; skip++) {
      const decoded = Buffer.from(all.slice(skip), 'base64').toString()
      if (isText(decoded) && isSecret(decoded)) {
        found++
        return removed
      }
    }
    return all
  })
  return { text, found }
}

function isText(text: string): boolean {
  let odd = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 0xfffd || (code < 32 && code !== 9 && code !== 10 && code !== 13)) odd++
  }
  return odd <= text.length * (1 - readable)
}
