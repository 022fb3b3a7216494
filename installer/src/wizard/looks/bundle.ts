import type { Lookout } from './look.ts'
import { openBundleOf } from './open-bundle.ts'

/** The bundle: its signature holds, and what it delivers. Not hashed as a whole: that takes minutes, and has its own stage. */
export const bundleLookout: Lookout = {
  reads: ['/bundle', '/trust'],
  async run({ draft, fact }) {
    const { bundle, release } = await openBundleOf(draft)
    try {
      fact('release', `${release.name} ${release.version}`)
      fact('signed by', bundle.signedBy)
      fact('made', release.created)
      fact('platforms', release.platforms.join(', '))
      fact('images', String(release.images.length))
      fact('size', `${bundle.size} bytes`)
      fact('needs Kubernetes', `${release.minimumKubernetes} or later`)
    } finally {
      await bundle.close()
    }
  },
}
