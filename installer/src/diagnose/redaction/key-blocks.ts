import { removed } from './known-values.ts'

/** lines of a key in PEM; one of 16384 bits has 200 */
const longest = 400
const begin = /-----BEGIN ([A-Z0-9 ]{1,60})-----/
const marker = /-----(?:BEGIN|END) [A-Z0-9 ]{1,60}-----/
/** Labels of what anybody may have; everything else is taken for a private key. */
export const isPublic = (label: string): boolean => /CERTIFICATE|PUBLIC KEY|X509 CRL|PARAMETERS/.test(label)
const whole =
  /-----BEGIN [A-Z0-9 ]{0,40}(?:PRIVATE|SECRET|ENCRYPTED)[A-Z0-9 ]{0,40}-----[\s\S]*?(?:-----END [A-Z0-9 ]{1,60}-----|$)/g

/** What of the line may be read; `open` says that it is a line of a certificate or public key: anybody may have it. */
export type KeyBlocks = (line: string) => { text: string; open: boolean; found: number }

/**
 * Follows PEM blocks (RFC 7468) over the lines of one text: takes out private keys, and says which lines are public, so
 * that nobody takes a certificate for a secret. A prefix that a log puts before each line is no hindrance.
 */
export function keyBlocks(): KeyBlocks {
  let block: 'private' | 'public' | undefined
  let lines = 0
  return (line) => {
    let found = 0
    // a whole block on one line: its line breaks are escaped
    let text = line.replace(whole, () => {
      found++
      return removed
    })
    const label = begin.exec(line)?.[1]
    if (label !== undefined && !/-----END /.test(line.slice(line.indexOf(label)))) {
      block = isPublic(label) ? 'public' : 'private'
      lines = 0
      return { text, open: false, found }
    }
    if (block === undefined) return { text, open: false, found }
    const inside = block
    if (/-----END /.test(line) || ++lines > longest) block = undefined
    if (inside === 'public') return { text, open: isBody(line), found }
    if (marker.test(line)) text = line.replace(/^.*-----END /, `${removed}-----END `)
    else if (isBody(line)) text = removed
    else text = line.replace(/[A-Za-z0-9+/=]{16,}/g, removed)
    return { text, open: false, found: text === line ? found : found + 1 }
  }
}

/** A line of base64, behind a time and what else a log puts there. */
const isBody = (line: string): boolean => /^(?:\S{0,40}[ \t]+){0,3}[A-Za-z0-9+/]{2,}={0,2}\r?$/.test(line)
