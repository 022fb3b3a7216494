import Type from 'typebox'

/** A short name: a label of DNS (RFC 1123). */
export const Name = Type.String({ pattern: '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$' })

/** semver.org, 2.0.0 */
export const Version = Type.String({ pattern: '^[0-9]+\\.[0-9]+\\.[0-9]+(-[0-9A-Za-z.-]+)?(\\+[0-9A-Za-z.-]+)?$' })

/** One line for a person: printable ASCII. */
export const Sentence = Type.String({ pattern: '^[ -~]{10,200}$' })
