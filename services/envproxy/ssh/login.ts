import type { AuthContext, Connection } from 'ssh2'
import { isSigned } from '../../workspace/ssh/login.ts'
import type { Lookup, Match } from './lookup.ts'

/** Most keys that one connection may offer before it is cut; OpenSSH's own limit is 6. */
const mostAttempts = 12

/**
 * Authenticates one connection: a public key of the owner of the workspace that the user name stands for. Whether the
 * name exists does not show: every wrong pair is answered alike.
 */
export function authenticate(
  connection: Connection,
  lookup: Lookup,
  events: { matched(match: Match): void; refused(why: string): void; failed(error: unknown): void },
): void {
  const asked = new Map<string, Promise<Match[]>>()
  let attempts = 0

  const answer = async (context: AuthContext): Promise<void> => {
    if (context.method !== 'publickey') return context.reject(['publickey'])
    attempts += 1
    if (attempts > mostAttempts) {
      events.refused('too many keys')
      connection.end()
      return
    }
    const pending = asked.get(context.username) ?? lookup(context.username)
    // One name per connection, as SSH servers demand it (RFC 4252, section 5, lets them).
    if (asked.size > 0 && !asked.has(context.username)) return context.reject(['publickey'])
    asked.set(context.username, pending)
    const match = (await pending).find(({ keys }) => keys.some((key) => key.equals(context.key.data)))
    if (!match) return context.reject(['publickey'])
    if (context.signature !== undefined) {
      if (!isSigned(context)) {
        events.refused('wrong signature')
        return context.reject(['publickey'])
      }
      events.matched(match)
    }
    context.accept()
  }
  connection.on('authentication', (context) => {
    answer(context).catch((error: unknown) => {
      events.failed(error)
      context.reject(['publickey'])
    })
  })
}
