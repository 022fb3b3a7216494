import { firstOf, meant, type Said } from './said.ts'

const sayings: readonly (readonly [RegExp, string])[] = [
  [/^$/, 'it is empty'],
  [/[A-Z]/, 'it has upper-case letters'],
  [/[^a-z0-9-]/, 'it has a character other than a to z, digits and -'],
  [/^-|-$/, 'it begins or ends with -'],
  [/^.{64}/, 'it has more than 63 characters'],
  // Kubernetes, "Namespaces": reserved for the namespaces of the system
  [/^kube-/, 'names that begin with kube- are for Kubernetes itself'],
]

/** What keeps a text from being a namespace of the platform (RFC 1123, 2.1); undefined where nothing does. */
export function namespaceFault(text: string): Said | undefined {
  const message = firstOf(text, sayings)
  const guess = text
    .trim()
    .toLowerCase()
    .replace(/[._\s]/g, '-')
  const form = 'lower-case letters, digits and -, at most 63, as in cde'
  return message === undefined
    ? undefined
    : { message, fix: meant(guess, text, (good) => firstOf(good, sayings) === undefined, form) }
}
