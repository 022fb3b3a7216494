import { mediaTypes } from '@sealift/bundle-spec/descriptor.ts'
import { type Loose, type Put, renameImage } from '../../fixtures/reseal.ts'
import {
  artifact,
  both,
  entry,
  extension,
  type Fault,
  index,
  manager,
  managerOf,
  nested,
  refName,
  release,
  subject,
  wrapped,
} from './change.ts'

const other = 'application/vnd.example.other.v1+json'
const title = 'org.opencontainers.image.title'

const typed = (document: Loose) => {
  document.artifactType = other
}
const layerTyped = ({ layers }: Loose) => {
  layers[0].mediaType = other
}
const configTyped = ({ config }: Loose) => {
  config.mediaType = other
}
const layerTwice = ({ layers }: Loose) => layers.push({ ...layers[0] })
const noLayer = (document: Loose, { drop }: { drop(digest: string): void }) => {
  for (const { digest } of document.layers) drop(digest)
  document.layers = []
}
const layerTitled = (at: number, name: string) => (document: Loose) => {
  document.layers[at].annotations = { [title]: name }
}
const layerAdded = (name: string) => (document: Loose) =>
  document.layers.push({ ...document.layers[0], annotations: { [title]: name } })
const chartConfig = (config: unknown) =>
  artifact('chart', (document, { put, drop }) => {
    drop(document.config.digest)
    Object.assign(document.config, put(config))
  })
const forPlatforms = (...platforms: string[]) =>
  release((one) => {
    one.platforms = platforms
  })
const aboutManager = (document: (subject: object, put: Put) => object) =>
  index((old, put) => {
    const { digest, mediaType, size } = managerOf(old)
    const made = document({ digest, mediaType, size }, put) as Loose
    const added = put(made)
    const annotations = {
      'dev.sealift.role': 'referrer',
      'dev.sealift.name': 'manager',
      [refName]: `registry.sealift.example/cde/manager@${added.digest}`,
    }
    old.manifests.push({ mediaType: made.mediaType ?? 'application/json', ...added, annotations })
  })

/** The manager, as another document of which nothing else is there. */
const image = (document: { mediaType: string; [field: string]: unknown }) =>
  index((old, put, take, drop) => {
    const { config, layers } = take(managerOf(old).digest)
    for (const { digest } of [config, layers.at(-1)]) drop(digest)
    Object.assign(managerOf(old), { mediaType: document.mediaType }, put(document))
    renameImage(old, put, take, 'manager')
  })

/** What the release artifact must be, whoever reads the release sees. */
const ofRelease: [what: string, spoil: Fault[3]][] = [
  ['a release manifest of another type', artifact('release', layerTyped)],
  ['a release manifest twice', artifact('release', layerTwice)],
  ['a release artifact without a release manifest', artifact('release', noLayer)],
  ['a release artifact of another type', artifact('release', typed)],
  ['a release artifact with the config of something else', artifact('release', configTyped)],
  ['a release artifact that is an index', wrapped('release')],
]

const ofOthers: typeof ofRelease = [
  ['a chart of another type', artifact('chart', layerTyped)],
  ['a chart with the config of something else', artifact('chart', configTyped)],
  ['a chart with two layers', artifact('chart', layerTwice)],
  ['a chart without a layer', artifact('chart', noLayer)],
  ['a chart that is an index', wrapped('chart')],
  ['a chart that its config calls otherwise', chartConfig({ name: 'other', version: '0.1.0' })],
  ['a chart in another version than its name says', chartConfig({ name: 'cde', version: '0.2.0' })],
  ['a chart whose config is no object', chartConfig(null)],
  ['a file of another type', artifact('file', typed)],
  ['a file with the config of something else', artifact('file', configTyped)],
  ['a file with two layers', artifact('file', layerTwice)],
  ['a file without a layer', artifact('file', noLayer)],
  ['a file that is an index', wrapped('file')],
  ['a file with the title of another', artifact('file', layerTitled(0, 'helm'))],
  ['a file that the index announces as another type', entry('file', typed)],
  ['an extension of another type', extension(typed)],
  ['an extension without a VSIX', extension(layerTitled(0, 'readme'))],
  ['an extension without a manifest', extension(layerTitled(1, 'readme'))],
  ['an extension with two manifests', extension(layerAdded('manifest'))],
  ['an extension with a part that nobody knows', extension(layerAdded('more'))],
  ['an image that is a blob', image({ mediaType: 'application/octet-stream' })],
  ['an image without an image', image({ schemaVersion: 2, mediaType: mediaTypes.index, manifests: [] })],
  ['an image of attestations only', nested(() => ({ platform: { os: 'unknown', architecture: 'unknown' } }))],
  ['an image for fewer platforms than the release', forPlatforms('linux/amd64', 'linux/arm64')],
  ['images for another platform', forPlatforms('linux/arm64')],
  ['images for a wider platform', forPlatforms('linux/amd64/v3')],
  [
    'an index for fewer platforms',
    both(
      nested(() => ({})),
      forPlatforms('linux/amd64', 'linux/arm64'),
    ),
  ],
  ['something about what is not there', subject((old) => ({ ...old, digest: `sha256:${'a'.repeat(64)}` }))],
  ['something about nothing', subject(() => undefined)],
  [
    'an index about an image',
    aboutManager((subject) => ({ schemaVersion: 2, mediaType: mediaTypes.index, manifests: [], subject })),
  ],
  ['a blob about an image', aboutManager((subject) => ({ subject }))],
]

/** Artifacts that are not what their role says. */
export const ofKinds: Fault[] = [
  ...ofRelease.map(([what, spoil]): Fault => [what, 'index', 'BUNDLE_RELEASE', spoil]),
  ...ofOthers.map(([what, spoil]): Fault => [what, 'structure', 'BUNDLE_RELEASE', spoil]),
  [
    'an image that is limited to platforms',
    'structure',
    'BUNDLE_PLATFORM',
    manager(({ annotations }) => ({ annotations: { ...annotations, 'dev.sealift.platforms': 'linux/amd64' } })),
  ],
]
