import { readFile, stat } from 'node:fs/promises'
import { Allowlist } from '@sealift/bundle-spec/allowlist.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { parseJson } from '@sealift/bundle-spec/json.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
import { Compile } from 'typebox/compile'
import Value from 'typebox/value'
import { assertCanonical } from './canonical.ts'

/** Reads the file of an allowlist in its JSON form. @throws SealiftError USAGE_ALLOWLIST */
export async function readAllowlistFile(path: string): Promise<Allowlist> {
  try {
    const info = await stat(path)
    if (!info.isFile() || info.size > limits.allowlist)
      throw new Error(`it is no file of at most ${limits.allowlist} bytes`)
    return readAllowlist(await readFile(path), path)
  } catch (cause) {
    if (cause instanceof SealiftError) throw cause
    throw new SealiftError('USAGE_ALLOWLIST', `the allowlist ${path} cannot be read`, {
      why: (cause as Error).message,
      fix: 'make one: sealift allowlist generate BUNDLE --format json --out allowlist.json',
      cause,
    })
  }
}

/**
 * Reads an allowlist that nobody has vouched for. `where` names it in errors.
 * @throws SealiftError USAGE_ALLOWLIST naming the field
 */
export function readAllowlist(bytes: Uint8Array, where: string): Allowlist {
  const bad = (why: string, cause?: unknown) =>
    new SealiftError('USAGE_ALLOWLIST', `${where} is no allowlist`, {
      why,
      fix: 'sealift allowlist generate --format json',
      cause,
    })
  let value: unknown
  try {
    value = parseJson(bytes, where, limits.allowlist)
  } catch (error) {
    throw bad(error instanceof SealiftError && error.why ? error.why : String(error), error)
  }
  // of 10,000 entries Value.Check alone takes half a second
  if (!Compile(Allowlist).Check(value)) {
    const [first] = Value.Errors(Allowlist, value)
    const field = (first?.instancePath ?? '').slice(1).replaceAll('/', '.') || 'it'
    throw bad(`${field} ${first?.keyword === 'boolean' ? 'is not known' : (first?.message ?? 'does not fit')}`)
  }
  assertCanonical(value)
  return value
}
