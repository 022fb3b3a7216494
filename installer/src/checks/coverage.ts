import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { imageReferences } from '../coverage/image-references.ts'
import { proveAtSite } from '../coverage/prove.ts'
import { hostOf, parseImageName } from '../coverage/reference.ts'
import { siteRepository } from '../install/chart-values.ts'
import type { Check } from './check.ts'

export const coverage: Check = {
  id: 'coverage',
  title: 'The chart uses nothing but images of the bundle',
  protects: 'rollout',
  why: 'An image that nobody carried over could not be had, or would be another one than the vendor signed.',
  level: 'error',
  strict: true,
  after: ['api'],
  async run(context) {
    const { answers, bundle } = context
    const { images } = bundle.release
    const vendors = images.map((image) => hostOf(parseImageName(image.reference)?.repository ?? ''))
    const hosts = new Set([...vendors, answers.registry.address.split('/', 1)[0] as string])
    const rendered = imageReferences(await context.rendered(), hosts)
    const uncovered = proveAtSite(rendered, images, (image) =>
      siteRepository(image.reference, answers.registry.address),
    )
    const [first] = uncovered
    if (first)
      throw new SealiftError(
        'BUNDLE_UNCOVERED',
        `the chart would use an image that the bundle does not have: ${first.reference}`,
        {
          why: `${first.from}: ${first.why}${uncovered.length > 1 ? `; ${uncovered.length - 1} more like it` : ''}`,
          fix: 'remove what names it from values in the answers',
        },
      )
    const distinct = new Set(rendered.map((found) => found.reference)).size
    return {
      state: 'passed',
      found: `${rendered.length} places name ${distinct} images, all in the bundle by digest`,
    }
  },
}
