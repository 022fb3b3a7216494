import { SealiftError } from './error.ts'
import { limits } from './limits.ts'

/**
 * Parses a JSON document that nobody has vouched for: valid UTF-8, at most `most` bytes and
 * `limits.jsonDepth` levels, no key twice in one object (RFC 8259, section 4, leaves that open; readers that disagree on
 * it can be played against each other), no `__proto__`.
 * @throws SealiftError BUNDLE_JSON; `where` names the document in it
 */
export function parseJson(bytes: Uint8Array, where: string, most: number = limits.document): unknown {
  const bad = (why: string, cause?: unknown) =>
    new SealiftError('BUNDLE_JSON', `${where} is not acceptable JSON`, { why, cause })
  if (bytes.length > most) throw bad(`it is longer than ${most} bytes`)
  let text: string
  let value: unknown
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    value = JSON.parse(text)
  } catch (cause) {
    throw bad('it does not parse', cause)
  }
  const problem = findProblem(text)
  if (problem) throw bad(problem)
  return value
}

/** Scans text that JSON.parse accepted for what it lets through. */
function findProblem(text: string): string | undefined {
  const keys: (Set<string> | undefined)[] = []
  for (let i = 0; i < text.length; i++) {
    const c = text[i]
    if (c === '{' || c === '[') {
      if (keys.push(c === '{' ? new Set() : undefined) > limits.jsonDepth)
        return `it nests deeper than ${limits.jsonDepth}`
    } else if (c === '}' || c === ']') keys.pop()
    else if (c === '"') {
      const start = i
      for (i++; text[i] !== '"'; i++) if (text[i] === '\\') i++
      const seen = keys.at(-1)
      let next = i + 1
      while (isSpace(text[next])) next++
      if (!seen || text[next] !== ':') continue
      const key = JSON.parse(text.slice(start, i + 1)) as string
      if (key === '__proto__') return 'it has a key __proto__'
      if (seen.has(key)) return 'it has a key twice in one object'
      seen.add(key)
    }
  }
  return undefined
}

const isSpace = (c: string | undefined): boolean => c === ' ' || c === '\n' || c === '\r' || c === '\t'

/** The bytes of a document that we write: compact JSON, keys in the order given. */
export const toJson = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))
