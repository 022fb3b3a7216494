import { type Fault, layerAs, nested, subject } from './change.ts'
import { ofDocuments } from './documents.ts'
import { ofFile } from './file.ts'
import { ofPromises } from './promised.ts'
import { ofIndex } from './signed-index.ts'

export const faults: Fault[] = [...ofFile, ...ofIndex, ...ofDocuments, ...ofPromises]

/** What is right, though rare: a subject, an index for an image, the content of a layer in its descriptor. */
export const oddities = [
  subject((old) => old),
  nested(() => ({})),
  layerAs(() => ({ data: Buffer.from('manager').toString('base64') })),
]
