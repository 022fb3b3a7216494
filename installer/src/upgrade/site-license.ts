import { assertLicensed, readLicense, standing } from '@sealift/bundle-spec/license.ts'
import type { Release } from '@sealift/bundle-spec/release.ts'
import type { CompleteAnswers } from '../answers/schema.ts'
import type { Database } from '../database/database.ts'
import { installationAct } from '../install/act.ts'

/** The licenses that administrators have uploaded since the installation, newest first. @throws SealiftError CLUSTER_SQL */
export async function uploadedLicenses(database: Pick<Database, 'query'>): Promise<string[]> {
  const rows = await database.query<{ token: string }>('SELECT token FROM licenses ORDER BY id DESC LIMIT 100')
  return rows.map(({ token }) => token)
}

/**
 * The license that counts for the next release, as for the manager: the best of all that are there, entitled before in grace.
 * The first one where none allows it, so that the reason is said of that.
 */
export async function bestLicense(
  tokens: readonly string[],
  answers: CompleteAnswers,
  release: Release,
): Promise<string | undefined> {
  let second: string | undefined
  for (const token of tokens)
    try {
      const claims = await readLicense(token, release.licenseKeys)
      assertLicensed(claims, installationAct(answers, release))
      if (standing(claims) === 'entitled') return token
      second ??= token
    } catch {
      // the next one may
    }
  return second ?? tokens[0]
}
