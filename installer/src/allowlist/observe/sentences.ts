import type { Endpoint } from '@sealift/bundle-spec/allowlist.ts'
import type { Sighting } from './sightings.ts'

/** characters of a sentence (Sentence of bundle-spec/src/release.ts), and of each name in it */
const longest = { sentence: 200, name: 60 }

/** Why a host that was seen has to be reached, and what is lost without it. */
export function sentencesFor({ role, after, for: names }: Sighting): Pick<Endpoint, 'why' | 'without'> {
  const from = shorten(after ?? 'the registry')
  const what = names.length === 0 ? 'its images' : namesOf(names)
  switch (role) {
    case 'registry':
      return {
        why: fit(`The registry of ${what}.`),
        without: 'No node can pull these images: pods stay in ImagePullBackOff, and an upgrade stops before it begins.',
      }
    case 'token':
      return {
        why: fit(`${from} wants a token from here for each pull: ${what}.`),
        without: 'The registry answers 401 to every pull, although it can be reached.',
      }
    case 'blob':
      return {
        why: fit(`${from} redirects here for layers: ${what}.`),
        without: 'Manifests are found, and pulls fail at a layer: pods stay in ImagePullBackOff.',
      }
    case 'redirect':
      return {
        why: fit(`${from} redirects through here: ${what}.`),
        without: 'Pulls end on the way to what they need, although the registry and its layers can be reached.',
      }
    case 'download':
      return {
        why: fit(`${after === undefined ? 'Downloaded from here' : `${from} redirects here for`}: ${what}.`),
        without: 'The release cannot be built, unless its files are there already: sealift build --file NAME=PATH.',
      }
  }
}

/** `manager:1, envproxy:1 and 3 more`: the ends of names, which tell them apart. */
function namesOf(names: readonly string[]): string {
  const shown = names.slice(0, 2).map((name) => shorten(name.replace(/@sha256:.*/s, '').replace(/^.*\//s, '')))
  const more = names.length - shown.length
  return `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

const shorten = (text: string): string => {
  const plain = text.replace(/[^ -~]/g, '?')
  return plain.length <= longest.name ? plain : `${plain.slice(0, longest.name - 3)}...`
}

const fit = (text: string): string => text.slice(0, longest.sentence)
