/** What a file seems to be. */
export interface Seeming {
  /** ends a sentence that begins with "it" */
  what: string
  /** what helps who wanted another kind of file */
  fix?: string
}

const failedDownload = 'download or carry it again: what came is the answer of a server, not the file'

/** What texts begin with, and what they are. */
const beginnings: readonly (readonly [RegExp, (found: RegExpExecArray) => Seeming])[] = [
  [/^<(!doctype html|html|head|body|script)/i, () => ({ what: 'it is a web page', fix: failedDownload })],
  [/^</, () => ({ what: 'it is an XML document', fix: failedDownload })],
  [/^version https:\/\/git-lfs\./, () => ({ what: 'it is a pointer of Git LFS, not the file', fix: 'git lfs pull' })],
  [/^-----BEGIN PGP MESSAGE-/, () => ({ what: 'it is encrypted with GPG', fix: 'decrypt it first, with gpg -d' })],
  [/^-----BEGIN AGE ENCRYPTED/, () => ({ what: 'it is encrypted with age', fix: 'decrypt it first, with age -d' })],
  [/^-----BEGIN ([A-Z0-9 ]{1,40})-----/, ([, label]) => ({ what: `it is a PEM file (${label})` })],
  [/^#!/, () => ({ what: 'it is a script' })],
  [/^eyJ[\w-]+\.[\w-]+\./, () => ({ what: 'it is a license, or another JSON Web Token' })],
  [/^\{[\s\S]{0,200}"BundleParts"/, () => ({ what: 'it is a parts index', fix: 'name the bundle that it is of' })],
  [/^\{[\s\S]{0,100}sigstore\.bundle/, () => ({ what: 'it is the file of a signature' })],
  [/^[[{]/, () => ({ what: 'it is a JSON document' })],
  [/^[0-9a-f]{64} [ *]/, () => ({ what: 'it is a list of checksums' })],
  [/^((#.*)?\n)*(---|%YAML|["']?[\w./-]+["']?:([ \n]|$))/, () => ({ what: 'it is a YAML document' })],
  [/^/, () => ({ what: 'it is a text' })],
]

/** Says which kind of text a file is by its first bytes; undefined where they are none. */
export function seemsText(start: Buffer): Seeming | undefined {
  if (start[0] === 0xff && start[1] === 0xfe) return { what: 'it is a text in UTF-16' }
  let text: string
  try {
    // a character may be cut at the end of what is looked at
    text = new TextDecoder('utf-8', { fatal: true }).decode(start, { stream: true })
  } catch {
    return undefined
  }
  if (text === '' || /[\0-\x08\x0b\x0e-\x1a\x1c-\x1f]/.test(text)) return undefined
  const begin = text.replaceAll('\r\n', '\n').trimStart()
  for (const [pattern, kind] of beginnings) {
    const found = pattern.exec(begin)
    if (found) return kind(found)
  }
  return undefined
}
