import type { ReleaseImage } from '@sealift/bundle-spec/release.ts'
import { siteRepository } from '../install/chart-values.ts'
import type { InstallContext } from '../install/context.ts'

/** By digest, at the site: an image of the release that has Node.js. The manager's is needed on some node anyway. */
export function imageWithNode({ bundle, answers }: Pick<InstallContext, 'bundle' | 'answers'>): string {
  const { images } = bundle.release
  const { reference, digest } = (images.find(({ name }) => name === 'manager') ?? images[0]) as ReleaseImage
  return `${siteRepository(reference, answers.registry.address)}@${digest}`
}
