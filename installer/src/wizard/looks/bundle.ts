import type { Lookout } from './look.ts'
import { openBundleOf } from './open-bundle.ts'

/** The release, in a bundle file or in a registry: its signature holds, and what it delivers. Not hashed as a whole: that takes minutes, and has its own stage. */
export const bundleLookout: Lookout = {
  reads: ['/bundle', '/release', '/trust', '/registry'],
  async run({ draft, signal, fact }) {
    const { bundle, close } = await openBundleOf(draft, signal)
    const { release } = bundle
    try {
      fact('release', `${release.name} ${release.version}`)
      fact('signed by', bundle.signedBy)
      fact('made', release.created)
      fact('platforms', release.platforms.join(', '))
      fact('images', String(release.images.length))
      if (bundle.size === undefined) fact('found as', bundle.path)
      else fact('size', `${bundle.size} bytes`)
      fact('needs Kubernetes', `${release.minimumKubernetes} or later`)
    } finally {
      await close()
    }
  },
}
