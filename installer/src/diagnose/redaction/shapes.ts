import { removed } from './known-values.ts'
import { removeNamed } from './named-values.ts'

/** Removes from a line what is a secret by its shape or by the name before it, whoever made it. */
export function removeShapes(line: string): { text: string; found: number } {
  let found = 0
  const cut = (replacement: string) => {
    found++
    return replacement
  }
  const named = removeNamed(
    line
      .replace(jwt, () => cut(removed))
      .replace(ownKey, () => cut(`cde_${removed}`))
      .replace(credential, (all, name: string, between: string, value: string) =>
        isCredential(name, value) ? cut(`${name}${between}${removed}`) : all,
      )
      .replace(url, (all, before: string, rest: string) => {
        const end = userinfoEnd(rest)
        return end === 0 || rest.startsWith(removed) ? all : cut(`${before}${removed}${rest.slice(end)}`)
      })
      .replace(parameter, (_, before: string) => cut(`${before}${removed}`)),
  )
  const text = named.text
    .replace(plainKey, (all, before: string, value: string) => (isRandom(value, 16) ? cut(`${before}${removed}`) : all))
    .replace(token, (value: string) => (isRandom(value) ? cut(removed) : value))
  return { text, found: found + named.found }
}

/** JSON Web Tokens (RFC 7515, section 7.1): tickets, grants, tokens of Kubernetes and of identity providers, licenses. */
const jwt = /(?<![A-Za-z0-9])eyJ[\w-]{10,}\.[\w-]*(?:\.[\w-]*){0,3}/g
/** API keys of the platform */
const ownKey = /(?<![A-Za-z0-9])cde_[\w-]{16,}/g
/** credentials with their scheme (RFC 9110, section 11.4) */
const credential = /\b(Bearer|Basic|Negotiate|Digest|ApiKey|Token)(\s+|%20|\+)((?:[\w+/.~-]|%[0-9A-Fa-f]{2})+=*)/gi
const url = /((?<=[a-z0-9]):(?:\\?\/){2})([^\s"'<>]{1,2048})/gi
/** such a parameter of a query or fragment and all behind it, percent-encoded and escaped ones as well */
const parameter =
  /((?:[?&;#]|%3[fF]|%26|\\u0026)(?:code|state|nonce|sig|key|id_token_hint|assertion|saml(?:request|response)|[\w.-]{0,40}(?:token|ticket|secret|passw|session|signature|credential|grant|auth)[\w.-]{0,20})(?:=|%3[dD]))(?:(?<==)\\{0,7}["'](?=\w)|[^\s"'\\<>]|\\(?!["']))+/gi
const plainKey = /((?<![\w.-])key\\*["']?\s{0,3}[:=]\s{0,3}\\*["']?)([\w+/=-]{16,})(?![\w.])/gi
/** fingerprints of keys are public */
const token = /(?<![\w+/-]|SHA256:|sha\d{3}-)[\w+/-]{24,}={0,2}/g

/** Where the user and the password of a URL end, behind their @; 0 where it has none. A password may hold / and @. */
function userinfoEnd(rest: string): number {
  const slash = rest.search(/[/?#]/)
  const authority = slash < 0 ? rest : rest.slice(0, slash)
  const at = authority.lastIndexOf('@')
  if (at >= 0) return at
  // `host:443/a@b` is a host with a port, `ann:p/w@host` is not
  return /:(?!\d{1,5}$)/.test(authority) ? Math.max(0, rest.indexOf('@')) : 0
}

/** Whether what follows a scheme is a credential, not the next word of a sentence or of a challenge. */
function isCredential(name: string, value: string): boolean {
  if (/^(?:realm|error|scope|service)=/i.test(value)) return false
  if (/^basic$/i.test(name)) return Buffer.from(value, 'base64').toString('latin1').includes(':')
  if (/^(?:bearer|negotiate|apikey)$/i.test(name)) return !/^(?:[a-z]{1,16}|[A-Z][a-z]{1,15})$/.test(value)
  return /\d/.test(value) && value.length >= 8
}

/** characters of a token that are looked at together, so that words beside what is random do not hide it */
const window = 24

/**
 * Whether text, or a part of it, looks as if it was drawn by lot: large and small letters and numbers, changing all the
 * time. Words, paths, names of Kubernetes and digests (which have no large letters) do not.
 */
export function isRandom(text: string, least = window): boolean {
  if (text.length < least || !/[A-Z]/.test(text) || !/\d/.test(text)) return false
  const length = Math.min(text.length, window)
  let [changes, numbers, large] = [0, 0, 0]
  for (let i = 0; i < text.length; i++) {
    for (const [at, by] of [
      [i, 1],
      [i - length, -1],
    ] as const) {
      if (at < 0) continue
      const now = kind(text.charCodeAt(at))
      if (now === number) numbers += by
      if (now === big) large += by
      // what parts words is no change within one; the first of the window has none before it
      const beside = kind(text.charCodeAt(by === 1 ? at - 1 : at + 1))
      if ((by === -1 || i > 0) && now !== beside && now !== other && beside !== other) changes += by
    }
    if (i >= length - 1 && numbers > 0 && large >= length / 8 && changes >= length * 0.42) return true
  }
  return false
}

const [number, big, small, other] = [0, 1, 2, 3]
/** Of a character by its code: number, large, small, other. */
const kind = (code: number): number =>
  code >= 48 && code < 58 ? number : code >= 65 && code < 91 ? big : code >= 97 && code < 123 ? small : other
