import { apiKeyPrefix, apiKeyUser } from './api-keys.ts'
import type { Caller } from './authorization.ts'
import type { Queryable } from './database.ts'
import { sessionUser } from './sessions.ts'

/** Says whose token this is, of a session or an API key; undefined when it opens nothing (any more). */
export type Identify = (token: string) => Promise<Caller | undefined>

export function identifyOver(database: Queryable, clock: () => number): Identify {
  return (token) =>
    token.startsWith(apiKeyPrefix) ? apiKeyUser(database, token, clock()) : sessionUser(database, token, clock())
}
