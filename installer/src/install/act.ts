import type { Act, Mode } from '@sealift/bundle-spec/act.ts'
import type { Release } from '@sealift/bundle-spec/release.ts'
import type { CompleteAnswers } from '../answers/schema.ts'
import { siteRepository, vendorRepository } from './chart-values.ts'

/**
 * What an installation with these answers is to a license: `mode` is what they say, all else is what would happen.
 * @throws SealiftError BUNDLE_RELEASE
 */
export function installationAct({ mode, registry }: CompleteAnswers, { images }: Release): Act & { mode: Mode } {
  return {
    act: 'install',
    mode,
    registry: registry.kind,
    isPrivate: registry.caFile !== undefined || registry.plainHttp === true,
    pulls: images.map(({ reference }) => ({
      from: siteRepository(reference, registry.address),
      published: vendorRepository(reference),
    })),
  }
}
