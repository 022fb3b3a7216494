import type { Descriptor } from '@sealift/bundle-spec/descriptor.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { UploadJournal } from './upload-journal.ts'
import { findOffset, type UploadPlace, type UploadSession } from './upload-session.ts'

/** What is noted about one upload, so that a later run goes on with it. */
export interface UploadNotes {
  /** The upload that an earlier run left, where the registry still knows it. */
  resume(place: UploadPlace): Promise<UploadSession | undefined>
  /** The registry has another chunk, or knows of the upload at least. */
  advance(session: UploadSession): void
  done(): void
  /** Whether an upload that ended with this error is left open for a later run. */
  keeps(error: unknown): boolean
}

/** bytes: smaller blobs are sent again sooner than asked about */
const worthNoting = 4 << 20

/** Notes of the upload of `blob` (`host/repository@digest`). */
export function uploadNotes(journal: UploadJournal | undefined, blob: string, { size }: Descriptor): UploadNotes {
  if (journal === undefined || size < worthNoting)
    return { resume: async () => undefined, advance() {}, done() {}, keeps: () => false }
  return {
    async resume(place) {
      const location = journal.find(blob)
      const { origin } = place.client.origin
      // only the registry itself is trusted to know the upload: a journal may be old, or someone else's
      if (location === undefined || !URL.canParse(location) || new URL(location).origin !== origin) return undefined
      const session = { url: new URL(location), offset: 0, minimumChunk: place.client.learned.minimumChunk }
      const offset = await findOffset(place, session).catch((error: unknown) => {
        if (place.signal?.aborted || !(error instanceof SealiftError) || error.code !== 'REGISTRY_REFUSED') throw error
        return undefined
      })
      if (offset === undefined || offset > size) {
        journal.forget(blob)
        return undefined
      }
      journal.resumed(blob, offset)
      return { ...session, offset }
    },
    advance({ url, offset }) {
      journal.advance(blob, url.href, offset)
    },
    done: () => journal.forget(blob),
    // damaged content must not be built upon, and what the registry refuses it will refuse again
    keeps: (error) => !(error instanceof SealiftError) || !/^(BUNDLE_|INTERNAL_|REGISTRY_REFUSED)/.test(error.code),
  }
}
