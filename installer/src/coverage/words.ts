const separators = /[^A-Za-z0-9._:/@-]+/
const scheme = /^[a-z][a-z0-9+.-]*:\/\//

/**
 * The image references among the words of free text (environment values, arguments, configuration files): each word that
 * pins something by digest, and each that holds `host/…` for one of `hosts`. Addresses of web pages are none. Linear in
 * the length of the text.
 */
export function referencesInText(text: string, hosts: readonly string[]): string[] {
  const found: string[] = []
  for (const raw of text.split(separators)) {
    if (!raw.includes('/') && !raw.includes('@')) continue
    if (/^https?:\/\//.test(raw)) continue
    const word = raw.replace(scheme, '')
    const start = hosts.map((host) => startOf(word, host)).find((at) => at !== -1) ?? (pinned.test(word) ? 0 : -1)
    if (start !== -1) found.push(word.slice(start).replace(/[.:/@_-]+$/, ''))
  }
  return found
}

const pinned = /@sha256:[0-9a-f]{64}$/

/** Where `host/x` begins in a word, not in the middle of a longer host name; -1 where it doesn't. */
function startOf(word: string, host: string): number {
  const at = word.indexOf(`${host}/`)
  if (at === -1 || at + host.length + 1 >= word.length) return -1
  return at === 0 || !/[A-Za-z0-9.-]/.test(word[at - 1] as string) ? at : -1
}
