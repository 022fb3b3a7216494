import type { KeyObject } from 'node:crypto'
import { decodeProtectedHeader, jwtVerify, SignJWT } from 'jose'
import Type from 'typebox'
import Value from 'typebox/value'
import { type Act, whyAirgapped } from './act.ts'
import { SealiftError } from './error.ts'
import { limits } from './limits.ts'
import { publicKeysIn } from './pem.ts'
import { openPrivateKey } from './private-key.ts'

/** The claims of a license: a JWT signed with EdDSA (RFC 7519, RFC 8037). Times are seconds since 1970. */
export const LicenseClaims = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 200 }),
  customer: Type.String({ minLength: 1, maxLength: 200 }),
  tier: Type.Union([Type.Literal('free'), Type.Literal('trial'), Type.Literal('enterprise')]),
  features: Type.Object({ airgap: Type.Boolean(), seats: Type.Integer({ minimum: 1 }) }),
  iat: Type.Integer(),
  nbf: Type.Integer(),
  license_expires: Type.Integer({ description: 'end of the term' }),
  exp: Type.Integer({ description: 'end of the grace period after the term' }),
})
export type LicenseClaims = Type.Static<typeof LicenseClaims>

/** `entitled` until the term ends, `grace` until `exp`, then `expired`; `early` before `nbf`. */
export type LicenseStanding = 'entitled' | 'grace' | 'expired' | 'early'

const sales = 'sales@sealift.example'

/** Where a license stands at `now` (milliseconds). */
export function standing(
  claims: Pick<LicenseClaims, 'nbf' | 'license_expires' | 'exp'>,
  now: number = Date.now(),
): LicenseStanding {
  const seconds = now / 1000
  if (seconds < claims.nbf) return 'early'
  if (seconds < claims.license_expires) return 'entitled'
  return seconds < claims.exp ? 'grace' : 'expired'
}

/**
 * Signs a license. `privateKey` is an Ed25519 key in PEM (PKCS #8); `passphrase` where it is encrypted.
 * @throws SealiftError USAGE_LICENSE_KEY, USAGE_LICENSE_CLAIMS
 */
export async function issueLicense(
  claims: LicenseClaims,
  privateKey: string | KeyObject,
  passphrase?: string,
): Promise<string> {
  if (!Value.Check(LicenseClaims, claims)) {
    const first = Value.Errors(LicenseClaims, claims)[0]
    throw new SealiftError('USAGE_LICENSE_CLAIMS', `these are not the claims of a license: ${first?.message ?? ''}`)
  }
  const wrong = (why: string, fix = 'sealift keys generate --type license --out license', cause?: unknown) =>
    new SealiftError('USAGE_LICENSE_KEY', 'the key that signs licenses cannot be used', { why, fix, cause })
  const key = typeof privateKey === 'string' ? openPrivateKey(privateKey, passphrase, wrong) : privateKey
  if (key.asymmetricKeyType !== 'ed25519') throw wrong('it is not an Ed25519 key')
  return await new SignJWT(claims).setProtectedHeader({ alg: 'EdDSA', typ: 'JWT' }).sign(key)
}

/** The public keys in a text that may sign licenses, all of them (Ed25519, PEM, SPKI). @throws SealiftError USAGE_LICENSE_KEY */
export function readLicenseKeys(pem: string): KeyObject[] {
  try {
    const keys = publicKeysIn(pem)
    const other = keys.findIndex((key) => key.asymmetricKeyType !== 'ed25519')
    if (other >= 0) throw new Error(`key ${other + 1} is of another kind`)
    return keys
  } catch (cause) {
    throw new SealiftError('USAGE_LICENSE_KEY', 'a key that may sign licenses cannot be read', {
      why: `${(cause as Error).message}; it must be the public half of an Ed25519 key, in PEM format`,
      fix: 'sealift keys generate --type license writes one as NAME.pub',
      cause,
    })
  }
}

/**
 * Reads a license and checks its signature against the keys (PEM, SPKI) that may sign one. Does not judge its dates:
 * an expired license still names its customer, and `assertLicensed` says what it allows.
 * @throws SealiftError LICENSE_MALFORMED, LICENSE_FORGED
 */
export async function readLicense(token: string, publicKeys: readonly string[]): Promise<LicenseClaims> {
  const text = token.trim()
  const malformed = (cause?: unknown) =>
    new SealiftError('LICENSE_MALFORMED', 'this is not a license', {
      why: 'a license is one line of three parts joined by dots, signed with EdDSA',
      fix: `ask ${sales} to send it again`,
      cause,
    })
  if (text.length > limits.license) throw malformed()
  try {
    if (decodeProtectedHeader(text).alg !== 'EdDSA') throw new Error('alg')
  } catch (cause) {
    throw malformed(cause)
  }
  for (const key of publicKeys.flatMap(keysIn)) {
    try {
      const { payload } = await jwtVerify(text, key, {
        algorithms: ['EdDSA'],
        currentDate: new Date(0),
        clockTolerance: Number.MAX_SAFE_INTEGER,
      })
      if (!Value.Check(LicenseClaims, payload)) throw malformed()
      return payload as LicenseClaims
    } catch (error) {
      if (error instanceof SealiftError) throw error
    }
  }
  throw new SealiftError('LICENSE_FORGED', 'the license is not signed by a key that this release accepts', {
    why: 'it was altered, or it is for another product',
    fix: `ask ${sales} to send it again`,
  })
}

/** None where a release names what is no key: then nobody signs with it. */
function keysIn(pem: string): KeyObject[] {
  try {
    return readLicenseKeys(pem)
  } catch {
    return []
  }
}

/**
 * The single function that says whether a license allows what is about to happen. Build, seed, serve, install and the
 * manager all call it before they change anything; the right that is needed follows from the act (act.ts), not from a mode
 * that somebody states. `now` is in milliseconds.
 * @throws SealiftError LICENSE_AIRGAP, LICENSE_EXPIRED, LICENSE_EARLY
 */
export function assertLicensed(claims: LicenseClaims, act: Act, now: number = Date.now()): void {
  const at = standing(claims, now)
  if (at === 'early')
    throw new SealiftError('LICENSE_EARLY', `license ${claims.id} is not valid before ${day(claims.nbf)}`, {
      fix: 'check the clock of this machine: date --utc',
    })
  if (at === 'expired')
    throw new SealiftError('LICENSE_EXPIRED', `license ${claims.id} ended on ${day(claims.license_expires)}`, {
      why: `its grace period ended on ${day(claims.exp)}`,
      fix: `ask ${sales} for a renewal`,
    })
  const why = claims.tier === 'free' || !claims.features.airgap ? whyAirgapped(act) : undefined
  if (why !== undefined)
    throw new SealiftError(
      'LICENSE_AIRGAP',
      `the ${claims.tier} license of ${claims.customer} does not include air-gapped mode`,
      {
        why,
        fix: `ask ${sales} for a license with the airgap feature, or install with images from where they are published`,
      },
    )
}

const day = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 10)
