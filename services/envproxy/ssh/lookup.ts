import type { Manager } from '../manager.ts'
import { readLoginName } from './login-name.ts'

/** A workspace that a login name stands for, and the keys of its owner. */
export interface Match {
  /** user id of the owner */
  user: string
  /** workspace id */
  workspace: string
  status: string
  /** public keys in wire format, by id */
  keys: { id: string; key: Buffer }[]
  /** the manager's word that the holder of our key may log in there; undefined where it does not run */
  grant: string | undefined
}

/** Finds what a login name stands for. Throws where the manager can't be asked. */
export type Lookup = (loginName: string) => Promise<Match[]>

/** Most keys of one user that are looked at. */
const mostKeys = 64

/** Asks the manager; `fingerprint` is that of the key with which envproxy logs in at workspaces. */
export function createLookup(manager: Manager, fingerprint: string): Lookup {
  return async (loginName) => {
    const found = await Promise.all(
      readLoginName(loginName).map(async ({ user, workspace }) => {
        const path = `/internal/ssh/${encodeURIComponent(user)}/${encodeURIComponent(workspace)}`
        const { status, body } = await manager.call('GET', `${path}?key=${encodeURIComponent(fingerprint)}`)
        if (status === 404) return undefined
        if (status !== 200) throw new Error(`the manager answered ${status}`)
        return readMatch(body)
      }),
    )
    return found.filter((match) => match !== undefined)
  }
}

function readMatch(body: unknown): Match {
  const { user, workspace, status, keys, grant } = (body ?? {}) as Record<string, unknown>
  if (typeof user !== 'string' || typeof workspace !== 'string' || !/^[a-z0-9]{10}$/.test(workspace)) {
    throw new Error('the manager answered with something else')
  }
  return {
    user,
    workspace,
    status: String(status),
    keys: Array.isArray(keys) ? keys.slice(0, mostKeys).map(readKey) : [],
    grant: typeof grant === 'string' ? grant : undefined,
  }
}

/** A line as OpenSSH writes it, `type base64`, with the id by which the manager knows it. */
function readKey(listed: unknown): Match['keys'][number] {
  const { id, key } = (listed ?? {}) as Record<string, unknown>
  const blob = Buffer.from(String(key).split(' ')[1] ?? '', 'base64')
  if (typeof id !== 'string' || blob.length === 0) throw new Error('the manager answered with something else')
  return { id, key: blob }
}
