import { channel } from 'node:diagnostics_channel'

/**
 * Where a place says that it is asked too much (a registry: 429, 503), so that copies start less at once. A channel of
 * the process, because the word comes from deep within a place and passes any number of stores that wrap it; a copy that
 * hears of another's throttling loses a little speed and nothing else.
 */
export const throttled = channel('sealift.throttled')
