import ssh2 from 'ssh2'
import { newOpensshKey } from '../../ssh/openssh-key.ts'
import { fingerprint } from '../../workspace/ssh/grant.ts'

/** A key that this envproxy has for as long as it runs: with it, and a grant that names its fingerprint, it is let in. */
export function newOwnKey(): { private: string; fingerprint: string } {
  const key = newOpensshKey()
  const parsed = ssh2.utils.parseKey(key)
  if (parsed instanceof Error) throw parsed
  return { private: key, fingerprint: fingerprint(parsed.getPublicSSH()) }
}
