import { bytes } from '../../amounts.ts'
import type { Lookout } from './look.ts'
import { openBundleOf } from './open-bundle.ts'

/** The release, in a bundle file or in a registry: its signature holds, and what it delivers. Not hashed as a whole: that takes minutes, and has its own stage. */
export const bundleLookout: Lookout = {
  reads: ['/bundle', '/release', '/releaseCaFile', '/trust', '/registry', '/mode', '/proxy'],
  async run({ draft, signal, fact }) {
    const { bundle, close } = await openBundleOf(draft, signal)
    const { release } = bundle
    try {
      fact('Release', `${release.name} ${release.version}`)
      fact('Signed by', bundle.signedBy)
      fact('Made', release.created.slice(0, 10))
      fact('For machines', release.platforms.join(', '))
      fact('Images', String(release.images.length))
      if (bundle.size === undefined) fact('Found as', bundle.path)
      else fact('Size', bytes(bundle.size))
      fact('Needs Kubernetes', `${release.minimumKubernetes} or later`)
    } finally {
      await close()
    }
  },
}
