/**
 * Remembers open uploads from one run to the next. All that it says is a hint: the registry is asked before anything is
 * built on it. `blob` is `host/repository@digest`.
 */
export interface UploadJournal {
  /** the address of an upload that an earlier run left open */
  find(blob: string): string | undefined
  /** The registry goes on at `location`. Returns at once; the entry reaches the disk soon. */
  advance(blob: string, location: string, offset: number): void
  /** The blob is there, or its upload is of no use any more. */
  forget(blob: string): void
  /** An earlier upload goes on: so many bytes need not be sent again. */
  resumed(blob: string, offset: number): void
}
