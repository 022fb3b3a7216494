import Type, { type Static } from 'typebox'
import type { Notice } from './store.ts'

const time = { format: 'date-time' }

/** The current notices, and the time at which they are: clocks of readers may be wrong. */
export const NoticesAnswer = Type.Object({
  now: Type.String(time),
  notices: Type.Array(
    Type.Object({
      id: Type.String(),
      kind: Type.String({ description: 'such as upgrade' }),
      says: Type.String(),
      startsAt: Type.String({ ...time, description: 'when that begins which it tells of' }),
      endsAt: Type.String({ ...time, description: 'when it is over, as far as is known; the notice ends then' }),
    }),
  ),
})

/** Notices as everybody is told of them, without those that have ended since they were read; `now` is in milliseconds. */
export const showNotices = (notices: readonly Notice[], now: number): Static<typeof NoticesAnswer> => ({
  now: new Date(now).toISOString(),
  notices: notices
    .filter(({ endsAt }) => endsAt.getTime() > now)
    .map(({ startsAt, endsAt, ...rest }) => ({
      ...rest,
      startsAt: startsAt.toISOString(),
      endsAt: endsAt.toISOString(),
    })),
})
