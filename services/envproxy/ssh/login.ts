import type { AuthContext, Connection } from 'ssh2'
import { isSigned } from '../../workspace/ssh/login.ts'
import type { Lookup, Match } from './lookup.ts'

/** Most keys that one connection may offer before it is cut; OpenSSH's own limit is 6. */
const mostAttempts = 12

/** A workspace that someone may log in to, and by what: `ssh-key:<id>`. */
export interface Login extends Match {
  credential: string
  /** why nothing is opened all the same, for the one who logged in */
  obstacle?: string
}

/** A login that was let in, and how the manager sees it later; undefined where it opens that workspace no more. */
export interface LetIn extends Login {
  renew(): Promise<Login | undefined>
}

/**
 * Authenticates one connection: a public key of the owner of the workspace that the user name stands for. Whether the
 * name exists does not show: every wrong pair is answered alike.
 */
export function authenticate(
  connection: Connection,
  lookup: Lookup,
  events: { matched(login: LetIn): void; refused(why: string): void; failed(error: unknown): void },
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
    const login = loginWith(context.key.data, await pending)
    if (!login) return context.reject(['publickey'])
    if (context.signature !== undefined) {
      if (!isSigned(context)) {
        events.refused('wrong signature')
        return context.reject(['publickey'])
      }
      const { username, key } = context
      const isSame = ({ user, workspace }: Match) => user === login.user && workspace === login.workspace
      events.matched({
        ...login,
        renew: async () => [loginWith(key.data, await lookup(username))].find((found) => found && isSame(found)),
      })
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

/**
 * The workspace that a key opens. Anyone can add another's public key to their own account, so that where a name stands for
 * workspaces of several users the key can fit more than one: then none is opened, since it could be the wrong one.
 */
function loginWith(key: Buffer, matches: Match[]): Login | undefined {
  const logins = matches.flatMap((match): Login[] => {
    const own = match.keys.find((one) => one.key.equals(key))
    return own ? [{ ...match, credential: `ssh-key:${own.id}` }] : []
  })
  const [login] = logins
  if (login === undefined || logins.length === 1) return login
  const obstacle = `Your key opens ${logins.length} workspaces that are called so. Log in as <user>+<workspace>.`
  return { ...login, obstacle }
}
