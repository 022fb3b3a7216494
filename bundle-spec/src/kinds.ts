import { annotations, type Descriptor, isDocument, mediaTypes, type Role } from './descriptor.ts'
import type { Named } from './document.ts'
import { extensionParts } from './extension.ts'

/** A layer that an artifact has. Without a media type, any blob. */
interface Layer {
  mediaType?: string
  title?: string
  /** whether one without a title is it too */
  untitled?: boolean
  optional?: boolean
}

/** What an artifact of a role looks like (SPEC.md, "Index"). What is left out may be anything. */
interface Kind {
  /** media types that it may have */
  types: readonly string[]
  manifest?: {
    artifactType?: string
    config: string
    /** each once; `name` is the artifact's */
    layers(name: string): readonly Layer[]
  }
}

const { index, dockerList, manifest, dockerManifest, empty, helmConfig, helmChart } = mediaTypes

const kinds: Readonly<Record<Role, Kind>> = {
  release: {
    types: [manifest],
    manifest: {
      artifactType: mediaTypes.release,
      config: empty,
      layers: () => [{ mediaType: mediaTypes.release }],
    },
  },
  chart: { types: [manifest], manifest: { config: helmConfig, layers: () => [{ mediaType: helmChart }] } },
  file: {
    types: [manifest],
    manifest: {
      artifactType: mediaTypes.file,
      config: empty,
      layers: (name) => [{ title: name, untitled: true }],
    },
  },
  extension: {
    types: [manifest],
    manifest: {
      artifactType: mediaTypes.extension,
      config: empty,
      layers: () => extensionParts.map((title) => ({ title, optional: title !== 'vsix' && title !== 'manifest' })),
    },
  },
  image: { types: [manifest, index, dockerManifest, dockerList] },
  original: { types: [index, dockerList] },
  referrer: { types: [manifest, dockerManifest] },
}

export const isRole = (role: string): role is Role => Object.hasOwn(kinds, role)

/**
 * Why an artifact is not one of its role, in words: what is there, and what should be. Undefined where it is one.
 * @param named what its document says; a blob has none
 */
export function kindFault(
  { role, name, descriptor }: { role: Role; name: string; descriptor: Descriptor },
  named: Named | undefined,
): string | undefined {
  const kind = kinds[role]
  const instead = (what: string, is: unknown, should: string) =>
    `${what} is ${typeof is === 'string' ? is : 'not stated'}, and should be ${should}`
  if (!kind.types.includes(descriptor.mediaType) || !named)
    return instead('its media type', descriptor.mediaType, kind.types.join(' or '))
  if (!kind.manifest) return undefined
  const { artifactType: type, config: configType, layers } = kind.manifest
  for (const stated of [named.artifactType, descriptor.artifactType ?? type])
    if (type !== undefined && stated !== type) return instead('its artifactType', stated, type)
  const [config, ...there] = named.children
  if (config?.mediaType !== configType) return instead('the type of its config', config?.mediaType, configType)
  const wanted = [...layers(name)]
  for (const layer of there) {
    const at = wanted.findIndex((one) => isLayer(one, layer))
    if (at < 0) return `a layer of it is ${shown(layer.mediaType, titleOf(layer))}; it has ${shownAll(layers(name))}`
    wanted.splice(at, 1)
  }
  const missing = wanted.find(({ optional }) => !optional)
  return missing && `it lacks a layer: it has ${shownAll(layers(name))}`
}

const titleOf = ({ annotations: given }: Descriptor): string | undefined => given?.[annotations.title]

function isLayer({ mediaType, title, untitled }: Layer, layer: Descriptor): boolean {
  if (mediaType === undefined ? isDocument(layer.mediaType) : layer.mediaType !== mediaType) return false
  return title === undefined || titleOf(layer) === title || (untitled === true && titleOf(layer) === undefined)
}

const shown = (mediaType?: string, title?: string): string =>
  [mediaType, title && `titled ${title}`].filter(Boolean).join(' ')

const shownAll = (layers: readonly Layer[]): string =>
  layers
    .map(({ mediaType, title, optional }) => `${optional ? 'at most one' : 'one'} ${shown(mediaType, title)}`)
    .join(', ')
