import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Face } from '../face.ts'

/** faces that one door remembers; the oldest one has to enter again */
const most = 64

/** The faces that came in by one door, by what they show to be known again. */
export function rememberedFaces(): { add(key: string, face: Face): void; get(key: string | undefined): Face } {
  const faces = new Map<string, Face>()
  return {
    add(key, face) {
      faces.set(key, face)
      const [oldest] = faces.keys()
      if (faces.size <= most || oldest === undefined) return
      void faces.get(oldest)?.leave()
      faces.delete(oldest)
    },
    get(key) {
      const face = key === undefined ? undefined : faces.get(key)
      if (face) return face
      throw new SealiftError('SESSION_UNKNOWN', 'this face has not entered, or that was before a restart', {
        fix: 'sealift install prints a new link',
      })
    },
  }
}
