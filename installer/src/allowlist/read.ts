import { Allowlist } from '@sealift/bundle-spec/allowlist.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { parseJson } from '@sealift/bundle-spec/json.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
import { Compile } from 'typebox/compile'
import Value from 'typebox/value'
import { readSmallFile } from '../input/small-file.ts'
import { assertCanonical } from './canonical.ts'

/** Reads the file of an allowlist in its JSON form. @throws SealiftError USAGE_ALLOWLIST */
export async function readAllowlistFile(path: string): Promise<Allowlist> {
  const bytes = readSmallFile(
    path,
    limits.allowlist,
    (why, cause) =>
      new SealiftError('USAGE_ALLOWLIST', `the allowlist ${path} cannot be read`, {
        why,
        fix: 'make one: sealift allowlist generate BUNDLE --format json --out allowlist.json',
        cause,
      }),
  )
  return readAllowlist(bytes, path)
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
