import { firstOf, meant, type Said } from './said.ts'

const sayings: readonly (readonly [RegExp, string])[] = [
  [/\s/, 'it has a space in it'],
  // every pod would show them
  [/^[^/]*\/\/[^/]*@/, 'it names a user or a password, which every pod would show'],
  [/^(?!https?:\/\/)[a-z][a-z0-9+.-]*:\/\//, 'it is for a proxy of another kind than http'],
  [/^(?!https?:\/\/)/, 'it does not begin with http://'],
  [/^https?:\/\/[^/?#]+(\/.|[?#])/, 'it has a path, and only host and port are needed'],
]

/** What keeps a text from being the URL of a forward proxy; undefined where nothing does. */
export function proxyFault(text: string): Said | undefined {
  const fault = (url: string): string | undefined =>
    firstOf(url, sayings) ?? (/^https?:\/\/[^\s/@]+\/?$/.test(url) && URL.canParse(url) ? undefined : 'it is not a URL')
  const message = fault(text)
  if (message === undefined) return undefined
  const guess = text
    .trim()
    .replace(/^https?:/i, (scheme) => scheme.toLowerCase())
    .replace(/^(?![a-z][a-z0-9+.-]*:\/\/)/i, 'http://')
    .replace(/^(https?:\/\/)[^/]*@/, '$1')
    .replace(/^(https?:\/\/[^/?#]+).*$/s, '$1')
  return { message, fix: meant(guess, text, (url) => fault(url) === undefined, 'as in http://proxy.site.example:3128') }
}

/** What keeps a text from naming whom to reach without the proxy. */
export const exemptFault = (text: string): Said | undefined =>
  /^[A-Za-z0-9.:*_/-]+$/.test(text)
    ? undefined
    : {
        message: 'it is neither a host name nor an address',
        fix: 'as in git.site.example, .site.example or 10.0.0.0/8',
      }
