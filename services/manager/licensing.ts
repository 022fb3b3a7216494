import { createHash } from 'node:crypto'
import { type Mode, modeOf } from '@sealift/bundle-spec/act.ts'
import type { SealiftError } from '@sealift/bundle-spec/error.ts'
import {
  assertLicensed,
  type LicenseClaims,
  type LicenseStanding,
  readLicense,
  standing,
} from '@sealift/bundle-spec/license.ts'
import type { Database, Queryable } from './database.ts'
import { ApiError } from './errors.ts'
import type { Running } from './running.ts'

/** The license that counts now, where it stands, and why it is refused for this site, if it is. */
export type License = { claims: LicenseClaims; standing: LicenseStanding; refusal: SealiftError | undefined }

export type Licensing = {
  /** as it is seen, not as it is stated */
  mode: Mode
  /** The best of the stored licenses, or undefined when there is none. */
  current(): Promise<License | undefined>
  /** Checks a license against the keys and the mode, then stores it. @throws SealiftError LICENSE_… */
  upload(token: string, uploadedBy: string | undefined): Promise<License>
  /** @throws ApiError or SealiftError LICENSE_… when air-gapped mode is not allowed; the other modes always pass */
  assertAllowed(): Promise<void>
}

const rank = (license: License): number =>
  license.refusal !== undefined ? 0 : license.standing === 'grace' ? 1 : license.standing === 'entitled' ? 2 : 0

/** How long the list of stored licenses is remembered, in milliseconds: another replica may have stored one. */
const memory = 1_000
const newestRead = 20

/** Licensing over PostgreSQL. `keys` are the PEM public keys that may sign licenses; `clock` is in milliseconds. */
export function licensing(database: Database, keys: readonly string[], act: Running, clock: () => number): Licensing {
  const mode = modeOf(act)
  let remembered: { at: number; claims: LicenseClaims[] } | undefined

  const judge = (claims: LicenseClaims): License => {
    const now = clock()
    let refusal: SealiftError | undefined
    try {
      assertLicensed(claims, act, now)
    } catch (error) {
      refusal = error as SealiftError
    }
    return { claims, standing: standing(claims, now), refusal }
  }

  const current = async (): Promise<License | undefined> => {
    const now = Date.now()
    if (remembered === undefined || now - remembered.at > memory)
      remembered = { at: now, claims: await storedClaims(database, keys) }
    let best: License | undefined
    for (const claims of remembered.claims) {
      const license = judge(claims)
      // newest first, so an older one wins only when it is better
      if (best === undefined || rank(license) > rank(best)) best = license
    }
    return best
  }

  return {
    mode,
    current,
    async upload(token, uploadedBy) {
      const claims = await readLicense(token, keys)
      const license = judge(claims)
      // a renewal may be uploaded before its term begins
      if (license.refusal !== undefined && license.refusal.code !== 'LICENSE_EARLY') throw license.refusal
      await storeLicense(database, token.trim(), uploadedBy, clock())
      remembered = undefined
      return (await current()) ?? license
    },
    async assertAllowed() {
      if (mode !== 'airgapped') return
      const license = await current()
      if (license === undefined)
        throw new ApiError(402, 'LICENSE_MISSING', 'there is no license for air-gapped mode', {
          fix: 'log in as a site admin and upload one on the license page',
        })
      if (license.refusal !== undefined) throw license.refusal
    },
  }
}

/** Stores a license that was checked before; the same one again counts as uploaded now. `now` is in milliseconds. */
export async function storeLicense(
  database: Queryable,
  token: string,
  uploadedBy: string | undefined,
  now: number,
): Promise<void> {
  await database.query(
    `INSERT INTO licenses (token, token_hash, uploaded_by, uploaded_at) VALUES ($1, $2, $3, $4)
     ON CONFLICT (token_hash) DO UPDATE SET uploaded_by = excluded.uploaded_by, uploaded_at = excluded.uploaded_at`,
    [token, hash(token), uploadedBy ?? null, new Date(now)],
  )
}

/**
 * Stores the license that the installation came with, unless it is there already.
 * @throws SealiftError LICENSE_MALFORMED, LICENSE_FORGED
 */
export async function storeInitialLicense(
  database: Queryable,
  token: string,
  keys: readonly string[],
  now: number,
): Promise<void> {
  await readLicense(token, keys)
  const { rows } = await database.query('SELECT 1 FROM licenses WHERE token_hash = $1', [hash(token.trim())])
  if (rows.length === 0) await storeLicense(database, token.trim(), undefined, now)
}

const hash = (token: string): Buffer => createHash('sha256').update(token).digest()

async function storedClaims(database: Queryable, keys: readonly string[]): Promise<LicenseClaims[]> {
  const { rows } = await database.query<{ token: string }>(
    'SELECT token FROM licenses ORDER BY uploaded_at DESC, id DESC LIMIT $1',
    [newestRead],
  )
  const claims: LicenseClaims[] = []
  for (const { token } of rows)
    try {
      claims.push(await readLicense(token, keys))
    } catch {
      // signed by a key that this release no longer accepts: it counts as not there
    }
  return claims
}
