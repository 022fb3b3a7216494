import type { CompleteAnswers } from '../../answers/schema.ts'
import { smallCa } from '../../install/small-file.ts'
import { valueAt } from '../values.ts'

/** The CAs (PEM) that a site's answers name for what it reaches: without them a certificate of its own would seem intercepted. */
export function trustedBy({
  registry,
  releaseCaFile,
  tls,
  proxy,
  values = {},
}: Pick<CompleteAnswers, 'registry' | 'releaseCaFile' | 'tls' | 'proxy' | 'values'>): string[] {
  const files = {
    'registry.caFile': registry.caFile,
    releaseCaFile,
    'tls.caFile': tls?.caFile,
    'proxy.caFile': proxy?.caFile,
  }
  const galleryCa = valueAt(values, 'editors.galleryCA')
  return [
    ...Object.entries(files).flatMap(([field, file]) => (file === undefined ? [] : [smallCa(file, field)])),
    ...(typeof galleryCa === 'string' ? [galleryCa] : []),
  ]
}
