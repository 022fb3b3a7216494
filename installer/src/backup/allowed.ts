import { SealiftError } from '@sealift/bundle-spec/error.ts'

/** What was asked for; undefined where this user may not see it. */
export const allowed = <T>(asked: Promise<T>): Promise<T | undefined> =>
  asked.catch((error: unknown) => {
    if (error instanceof SealiftError && error.code === 'CLUSTER_FORBIDDEN') return undefined
    throw error
  })
