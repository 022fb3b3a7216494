import { atOnce } from '@sealift/bundle-spec/at-once.ts'
import { atSite, checkRegistry } from '@sealift/bundle-spec/site.ts'
import { unserved } from '../../install/serve-command.ts'
import { reachedBy, registryIn, servedIn } from '../served.ts'
import { type Lookout, needed } from './look.ts'
import { openBundleOf } from './open-bundle.ts'

/** The registry, as this machine reaches it: TLS, login, and whether it has the images or takes them. */
export const registryLookout: Lookout = {
  reads: ['/registry', '/bundle', '/release', '/releaseCaFile', '/trust', '/mode', '/proxy'],
  async run({ draft, signal, fact }) {
    const { siteRegistry } = await import('../../install/registry-access.ts')
    const address = needed(draft, '/registry/address')
    checkRegistry(address)
    const registry = registryIn(draft)
    const store = siteRegistry(reachedBy(draft))
    try {
      const { bundle, close } = await openBundleOf(draft, signal)
      try {
        const images = bundle.release.images.map(({ reference }) => ({ reference, target: atSite(reference, address) }))
        if (registry.kind === 'seed') {
          const { login } = await store.probe(repositoryOf(images[0]?.target ?? address), signal)
          fact('Reached', registry.plainHttp ? 'without TLS' : 'over TLS that is trusted')
          fact('Login', login)
          return fact('Images', `can be put there: ${images.length}`)
        }
        const missing: string[] = []
        await atOnce(8, images, async ({ reference, target }) => {
          const descriptor = await bundle.store.resolve(reference, signal)
          if (!(await store.has(target, descriptor, signal))) missing.push(target)
        })
        fact('Reached', registry.plainHttp ? 'without TLS' : 'over TLS that is trusted')
        const there = images.length - missing.length
        fact('Images', `${there} of ${images.length} are there`, missing.length > 0)
        if (missing[0] !== undefined) fact('Missing', missing[0], true)
      } finally {
        await close()
      }
    } catch (error) {
      const served = servedIn(draft)
      throw served ? unserved(error, served) : error
    } finally {
      await store.close()
    }
  },
}

const repositoryOf = (reference: string): string => reference.replace(/@.*$/, '').replace(/:[^/:]*$/, '')
