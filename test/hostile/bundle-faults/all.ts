import {
  artifact,
  both,
  entry,
  extension,
  type Fault,
  inManifest,
  layerAs,
  nested,
  refName,
  release,
  subject,
} from './change.ts'
import { ofDocuments } from './documents.ts'
import { ofFile } from './file.ts'
import { ofKinds } from './kinds.ts'
import { ofPromises } from './promised.ts'
import { ofIndex } from './signed-index.ts'

export const faults: Fault[] = [...ofFile, ...ofIndex, ...ofDocuments, ...ofPromises, ...ofKinds]

const twin = {
  [refName]: 'registry.sealift.example/cde/more:1',
  'dev.sealift.name': 'more',
  'io.containerd.image.name': 'registry.sealift.example/cde/more:1',
}

/** What is right, though rare. */
export const oddities: [string, Fault[3]][] = [
  ['a subject', subject((old) => old)],
  [
    'a tag instead of a subject',
    subject(
      () => undefined,
      (digest) => ({ [refName]: `registry.sealift.example/cde/manager:${digest.replace(':', '-')}.sig` }),
    ),
  ],
  ['an index for an image', nested(() => ({}))],
  ['an index that states no platform', nested(() => ({ platform: undefined }))],
  ['an index with a platform that is none', nested(() => ({ platform: null }))],
  ['the content of a layer in its descriptor', layerAs(() => ({ data: Buffer.from('manager').toString('base64') }))],
  [
    'an artifact for an image volume',
    inManifest(({ config }) => {
      config.mediaType = 'application/vnd.example.model.v1+json'
    }),
  ],
  [
    'an image under two names',
    both(
      release(({ images }) => images.push({ ...images[0], name: 'more', reference: twin[refName] })),
      entry('image', ({ annotations, ...image }, { manifests }) =>
        manifests.push({ ...image, annotations: { ...annotations, ...twin } }),
      ),
    ),
  ],
  ['an extension', extension(() => {})],
  ['a file without a title', artifact('file', ({ layers }) => delete layers[0].annotations)],
]
