/**
 * Words of names whose values are secret: `password`, `PGPASSWORD`, `clientSecret`, `x-api-key`, `.dockerconfigjson`. As
 * the source of a regular expression, for names in lower case or in any other.
 */
export const secretWord =
  '(?:pass(?:word|wd|phrase|code)|(?<![a-z])pwd|secret|token|credential|authorization|cookie|bearer|' +
  '(?:api|access|private|signing|encryption|encrypt|account|shared|ssh|host|master|client|server|session|internal|storage|tls|ssl|hmac|aes)[-_. ]?key|' +
  'session[-_.]?id|ticket|(?<![a-z])grant(?![a-z])|(?<![a-z])jwt|(?<![a-z])otp(?![a-z])|docker(?:config(?:json)?|cfg)|htpasswd|certificate[-_.]?key)'

const word = new RegExp(secretWord, 'i')
/** exact names, and those of which everything below is a user's own of a kubeconfig or of docker */
const exact = new Set(['auth', 'auths', 'pass', 'pw', 'pin', 'pat', 'secret'])
/**
 * Names that only speak of a secret: where it is, how it is called, how long it holds. Some of those words begin what is
 * secret again (`sessionId`, `secret_url`): those are in the pattern above, or are cleaned as text.
 */
const about =
  /(?:file|path|dir|directory|name|names|ref|refs|type|kind|policy|mode|length|seconds|expir\w*|ttl|lifetime|mount|mounts|enabled|required|disabled|count|version|versions|issuer|audience|audiences|url|uri|endpoint|host|alg|algorithm|resource\w*|class|group|\.io(?:\/[\w-]+)?)$/i
const pulls = /pull[-_]?secrets?$/i

/** Whether what stands behind a name is secret. */
export function namesSecret(name: string): boolean {
  const plain = name.replace(/[[\]"'\\]/g, '')
  if (exact.has(plain.toLowerCase())) return true
  if (!word.test(separated(plain))) return false
  if (/session[-_.]?id$/i.test(plain)) return true
  return !about.test(plain) && !pulls.test(separated(plain))
}

/** `clientSecret` as `client-Secret`: a new word begins at a capital. */
const separated = (name: string): string => name.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '-')

/** Whether a name stands for a person, by how they log in or how they are called. */
export function namesPerson(name: string): boolean {
  const words = separated(name).toLowerCase()
  return person.test(words) && !account.test(words)
}

/** Names of fields, labels and variables that hold a person's name. */
export const personWord =
  '(?:preferred[-_.]?user[-_.]?name|user[-_.]?name|user|login|owner|e?[-_]?mail|nick[-_.]?name|(?:display|full|given|family|first|last|author|committer)[-_.]?name|(?:created|requested|changed|started|invited)[-_.]?by|creator|assignee)'
const person = new RegExp(`(?:^|[-_./ ])${personWord}$`)
/** users of databases and the like are nobody */
const account = /(?:pg|postgres|mysql|db|database|registry|redis|smtp|ldap|run-as|service)[-_.]?user(?:[-_]?name)?$/
