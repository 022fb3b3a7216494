import type { Release } from '@sealift/bundle-spec/release.ts'
import type { CompleteAnswers } from '../answers/schema.ts'
import { chartValues, publishedAt, siteRepository } from '../install/chart-values.ts'
import { exemptOf } from './exempt.ts'
import type { SiteFacts } from './generate.ts'
import { overDefaults } from './values.ts'

/**
 * What a site's answers mean for its allowlist. Images of a release that is not sealed yet have no digest.
 * @throws SealiftError USAGE_ANSWERS where its values set what another answer decides
 */
export function siteFacts(
  answers: CompleteAnswers,
  release: Pick<Release, 'images' | 'licenseKeys' | 'extensions'>,
  defaults: unknown,
): SiteFacts {
  const { registry, mode, outside = [] } = answers
  return {
    mode,
    values: overDefaults(defaults, chartValues(answers, release, false)),
    pulled: [
      ...release.images.map(({ name, reference, digest }) => ({
        ...{ kind: 'image' as const, name },
        reference: `${siteRepository(reference, registry.address)}${digest === '' ? '' : `@${digest}`}`,
      })),
      // a bundle file is carried, and nothing is asked for
      ...(answers.release === undefined
        ? []
        : [{ kind: 'release' as const, name: 'release', reference: answers.release }]),
    ],
    plainHttp: registry.plainHttp ?? false,
    exempt: exemptOf({ answers, published: publishedAt(release) }),
    outside,
  }
}
