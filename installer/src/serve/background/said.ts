import type { ErrorCode } from '@sealift/bundle-spec/error.ts'
import type { Running } from './place.ts'

/** What one that is started in the background tells the one that waits for it. */
export type Said =
  | { type: 'progress'; done: number; total: number }
  | { type: 'serves'; running: Running; already: boolean }
  | { type: 'failed'; code: ErrorCode; message: string; why?: string | undefined; fix?: string | undefined }

/** Says to a process that it is one of those. */
export const mark = 'SEALIFT_BACKGROUND'

/** Whether another process waits for this one to serve. */
export const isInBackground = (): boolean => process.env[mark] !== undefined && process.send !== undefined
