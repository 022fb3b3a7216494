import { generateKeyPairSync } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { encryptPrivateKey } from '@sealift/bundle-spec/private-key.ts'
import { writeNewFile } from '../stores/new-file.ts'
import { checkName } from '../stores/target.ts'

export type KeyType = 'bundle' | 'license'

/**
 * Makes a key pair: ECDSA P-256 for bundles, Ed25519 for licenses. Writes `out.key` (PEM, PKCS #8, mode 0600, encrypted
 * where a passphrase is given) and `out.pub` (PEM, SPKI). Never overwrites.
 * @throws SealiftError USAGE_EXISTS, USAGE_OUT, STORAGE_FULL, STORAGE_WRITE
 */
export async function generateKeys(
  type: KeyType,
  out: string,
  passphrase?: string,
): Promise<{ key: string; pub: string }> {
  checkName(out)
  const { privateKey, publicKey } =
    type === 'bundle' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519')
  const secret =
    passphrase === undefined
      ? (privateKey.export({ type: 'pkcs8', format: 'pem' }) as string)
      : encryptPrivateKey(privateKey, passphrase)
  const files = { key: `${out}.key`, pub: `${out}.pub` }
  await writeNewFile(files.key, secret, 0o600)
  try {
    await writeNewFile(files.pub, publicKey.export({ type: 'spki', format: 'pem' }) as string, 0o644)
  } catch (error) {
    // half a pair is of no use, and would be in the way of the next one
    await rm(files.key)
    throw error
  }
  return files
}
