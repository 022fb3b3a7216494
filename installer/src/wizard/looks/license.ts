import type { Mode } from '@sealift/bundle-spec/act.ts'
import type { Draft } from '../../answers/draft.ts'
import type { CompleteAnswers } from '../../answers/schema.ts'
import { type Lookout, needed, text } from './look.ts'
import { openBundleOf, registryIn } from './open-bundle.ts'

const date = (seconds: number) => new Date(seconds * 1000).toISOString().slice(0, 10)

/** The license: whose, until when, and whether it allows what these answers would do; refused at once where it does not. */
export const licenseLookout: Lookout = {
  reads: ['/license', '/bundle', '/release', '/trust', '/mode', '/registry'],
  async run({ draft, signal, fact }) {
    const { assertLicensed, readLicense, standing } = await import('@sealift/bundle-spec/license.ts')
    const { readLicenseFile } = await import('../../install/license-file.ts')
    const { installationAct } = await import('../../install/act.ts')
    const file = needed(draft, '/license')
    const { bundle, close } = await openBundleOf(draft, signal)
    await close()
    const { release } = bundle
    const claims = await readLicense(readLicenseFile(file), release.licenseKeys)
    fact('customer', claims.customer)
    fact('license', `${claims.id}, ${claims.tier}`)
    fact('seats', String(claims.features.seats))
    const grace = standing(claims) === 'grace' ? `; in its grace period until ${date(claims.exp)}` : ''
    fact('until', `${date(claims.license_expires)}${grace}`)
    fact('air-gapped mode', claims.tier !== 'free' && claims.features.airgap ? 'included' : 'not included')
    assertLicensed(claims, installationAct(likely(draft), release))
  },
}

/** What decides the right that is needed, as far as it is answered. An address that is not known yet is the vendor's in no case. */
const likely = (draft: Draft): CompleteAnswers =>
  ({ mode: (text(draft, '/mode') ?? 'airgapped') as Mode, registry: registryIn(draft) }) as CompleteAnswers
