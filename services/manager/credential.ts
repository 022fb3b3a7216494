import type { Caller } from './authorization.ts'
import type { Queryable } from './database.ts'

/**
 * What a user proved themselves with, by name and without its secret: `session:<uuid>`, `api-key:<id>` or `ssh-key:<id>`.
 * Every ticket, cookie, grant and open connection carries one, and ends with it.
 */
export const credentialPattern = '^(session:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|(api-key|ssh-key):[a-z0-9]{10})$'

export const credentialOf = ({ via, credential }: Pick<Caller, 'via' | 'credential'>): string => `${via}:${credential}`

/** By kind: the table, and what one must meet to open workspaces. $2 is the id, $3 now. */
const held = {
  session: 'sessions AS held ON held.id = $2::uuid AND held.expires_at > $3',
  'api-key': `api_keys AS held ON held.id = $2 AND held.expires_at > $3 AND 'workspaces:open' = ANY (held.scopes)`,
  // a key has no end of its own
  'ssh-key': 'ssh_keys AS held ON held.id = $2 AND $3::timestamptz IS NOT NULL',
}

/**
 * Whether a credential still opens workspaces for a user: it is there, is the user's own, has not expired, and the user is
 * active. `now` is in milliseconds.
 */
export async function credentialHolds(
  database: Queryable,
  { user, credential }: { user: string; credential: string },
  now: number,
): Promise<boolean> {
  if (!new RegExp(credentialPattern).test(credential)) return false
  const [kind, id] = credential.split(':') as [keyof typeof held, string]
  const { rowCount } = await database.query({
    name: `credential-holds-${kind}`,
    text: `SELECT 1 FROM users JOIN ${held[kind]} AND held.user_id = users.id
       WHERE users.id = $1 AND users.deactivated_at IS NULL`,
    values: [user, id, new Date(now)],
  })
  return rowCount === 1
}
