import type { Mode } from '@sealift/bundle-spec/act.ts'
import type { Draft } from '../../answers/draft.ts'
import type { CompleteAnswers } from '../../answers/schema.ts'
import { termOf } from '../../license/term.ts'
import { registryIn } from '../served.ts'
import { type Lookout, needed, text } from './look.ts'
import { openBundleOf } from './open-bundle.ts'

/** The license: whose, until when, and whether it allows what these answers would do; refused at once where it does not. */
export const licenseLookout: Lookout = {
  reads: ['/license', '/bundle', '/release', '/releaseCaFile', '/trust', '/mode', '/registry', '/proxy'],
  async run({ draft, signal, fact }) {
    const { assertLicensed, readLicense } = await import('@sealift/bundle-spec/license.ts')
    const { readLicenseFile } = await import('../../install/license-file.ts')
    const { installationAct } = await import('../../install/act.ts')
    const file = needed(draft, '/license')
    const { bundle, close } = await openBundleOf(draft, signal)
    await close()
    const { release } = bundle
    const claims = await readLicense(readLicenseFile(file), release.licenseKeys)
    fact('Customer', claims.customer)
    fact('License', `${claims.id}, ${claims.tier}`)
    fact('Seats', String(claims.features.seats))
    fact('Term', termOf(claims))
    fact('Air-gapped mode', claims.tier !== 'free' && claims.features.airgap ? 'included' : 'not included')
    assertLicensed(claims, installationAct(likely(draft), release))
  },
}

/** What decides the right that is needed, as far as it is answered. An address that is not known yet is the vendor's in no case. */
const likely = (draft: Draft): CompleteAnswers =>
  ({ mode: (text(draft, '/mode') ?? 'airgapped') as Mode, registry: registryIn(draft) }) as CompleteAnswers
