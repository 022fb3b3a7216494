import { SealiftError } from './error.ts'
import { limits } from './limits.ts'

/**
 * Parses a JSON document that nobody has vouched for: valid UTF-8, at most `most` bytes and
 * `limits.jsonDepth` levels, a key or value for each `limits.jsonValueBytes` of `most`, no key twice in one object (RFC 8259, section 4, leaves that open; readers that disagree on
 * it can be played against each other), no `__proto__`.
 * @throws SealiftError BUNDLE_JSON; `where` names the document in it
 */
export function parseJson(bytes: Uint8Array, where: string, most: number = limits.document): unknown {
  const bad = (why: string, cause?: unknown) =>
    new SealiftError('BUNDLE_JSON', `${where} is not acceptable JSON`, { why, cause })
  if (bytes.length > most) throw bad(`it is longer than ${most} bytes`)
  const written = count(bytes)
  if (written.values > most / limits.jsonValueBytes)
    throw bad(`it has more than ${most / limits.jsonValueBytes} keys and values`)
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch (cause) {
    throw bad('it does not parse', cause)
  }
  // JSON.parse keeps the last of two equal keys
  if (countKeys(value, 0, bad) !== written.keys) throw bad('it has a key twice in one object')
  return value
}

/** The keys of a value and of all in it. Looks no deeper than `limits.jsonDepth`, so it needs little of the stack. */
function countKeys(value: unknown, depth: number, bad: (why: string) => SealiftError): number {
  if (typeof value !== 'object' || value === null) return 0
  if (depth === limits.jsonDepth) throw bad(`it nests deeper than ${limits.jsonDepth}`)
  let count = 0
  if (Array.isArray(value)) for (const one of value) count += countKeys(one, depth + 1, bad)
  else
    for (const key of Object.keys(value)) {
      if (key === '__proto__') throw bad('it has a key __proto__')
      count += 1 + countKeys((value as Record<string, unknown>)[key], depth + 1, bad)
    }
  return count
}

/** The keys and values of a JSON text together, about; of what is no JSON, any number. */
export const valuesIn = (bytes: Uint8Array): number => count(bytes).values

/**
 * Counts the keys of a JSON text, and its keys and values together, by the colons and commas outside of strings: no byte of a
 * longer UTF-8 sequence is one. So what would take long to parse, and much memory, is known before.
 */
function count(bytes: Uint8Array): { keys: number; values: number } {
  let keys = 0
  let values = 0
  let isText = false
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]
    if (byte === quote) isText = !isText
    else if (byte === backslash) i++
    else if (byte === colon && !isText) keys++
    else if (byte === comma && !isText) values++
  }
  return { keys, values: keys + values }
}

const [quote, comma, colon, backslash] = [0x22, 0x2c, 0x3a, 0x5c]

/** The bytes of a document that we write: compact JSON, keys in the order given. */
export const toJson = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))
