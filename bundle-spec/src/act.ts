/** How a site reaches the outside: not at all (`airgapped`), an allowlist (`restricted`), or freely (`connected`). */
export type Mode = 'connected' | 'restricted' | 'airgapped'

/** From where nodes pull an image, and where its release is published: repositories with their host. */
export interface Pull {
  from: string
  published: string
}

/**
 * What is about to be done, as far as the right to do it depends on it. `mode` is what somebody says of the site; the rest
 * is what is seen.
 */
export type Act =
  | { act: 'build' | 'serve' | 'seed' }
  | {
      act: 'install'
      mode: Mode
      registry: 'serve' | 'seed' | 'existing'
      /** whether it is known only by a CA of the site, or spoken to without TLS */
      isPrivate: boolean
      pulls: readonly Pull[]
    }
  | { act: 'run'; mode: Mode; pulls: readonly Pull[] }

/**
 * Why an act counts as air-gapped, whatever mode is stated; undefined where it does not. Connected and restricted mean that
 * images come straight from where the release is published. Whoever carries them over, in a bundle or by a registry of the
 * site, works air-gapped. This is a check of rights and no copy protection: a node that is told to find a public name
 * elsewhere is not seen.
 */
export function whyAirgapped(act: Act): string | undefined {
  switch (act.act) {
    case 'build':
      return 'sealing a bundle is for air-gapped sites'
    case 'serve':
    case 'seed':
      return `to ${act.act} images from a bundle is to work air-gapped`
    case 'install':
      if (act.registry !== 'existing')
        return `the images come from a bundle: the registry is of the kind ${act.registry}`
      if (act.isPrivate)
        return 'the registry is one of the site: it is known by a CA of its own, or spoken to without TLS'
      return whyPullsAirgapped(act)
    case 'run':
      return whyPullsAirgapped(act)
  }
}

/** The mode in which something is done: what is seen counts before what is stated. */
export const modeOf = (act: Act & { mode: Mode }): Mode => (whyAirgapped(act) === undefined ? act.mode : 'airgapped')

function whyPullsAirgapped({ mode, pulls }: { mode: Mode; pulls: readonly Pull[] }): string | undefined {
  const other = pulls.find(({ from, published }) => from !== published || published === '')
  if (other) return `images come from ${other.from}, and are published as ${other.published || 'nothing that is known'}`
  if (pulls.length === 0) return 'it is not known from where images come'
  return mode === 'airgapped' ? 'the mode is airgapped' : undefined
}
