import ssh2, { type AuthContext, type PublicKeyAuthContext } from 'ssh2'
import type { CheckGrant } from './grant.ts'

/** Longest grant taken as a user name, in characters; a real one has about 450. */
const longestGrant = 4096

/**
 * Answers one authentication request. Public keys only: first without a signature ("would you take it?"), then with
 * one over this connection's session identifier.
 */
export async function answerLogin(
  context: AuthContext,
  check: CheckGrant,
  told: (user: string) => void,
  refused: (why: string) => void,
): Promise<void> {
  if (context.method === 'none') return context.reject(['publickey'])
  if (context.method !== 'publickey') return context.reject(['publickey'])
  try {
    if (context.username.length > longestGrant) throw new Error('too long')
    const { user } = await check(context.username, context.key.data)
    if (context.signature !== undefined) {
      if (!isSigned(context)) throw new Error('wrong signature')
      told(user)
    }
    context.accept()
  } catch (error) {
    refused(error instanceof Error ? error.message : String(error))
    context.reject(['publickey'])
  }
}

/** Whether the client holds the key that it shows. */
export function isSigned({ key, blob, signature, hashAlgo }: PublicKeyAuthContext): boolean {
  const parsed = ssh2.utils.parseKey(key.data)
  if (parsed instanceof Error || Array.isArray(parsed) || blob === undefined || signature === undefined) return false
  return parsed.verify(blob, signature, hashAlgo) === true
}
