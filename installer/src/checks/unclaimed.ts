import { randomBytes } from 'node:crypto'

/** A label that nobody has given to anything. */
export const unclaimed = (): string => `sealift-check-${randomBytes(4).toString('hex')}`
