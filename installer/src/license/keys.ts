import { generateKeyPairSync } from 'node:crypto'
import { encryptPrivateKey } from '@sealift/bundle-spec/private-key.ts'
import { writeNewFile } from '../stores/new-file.ts'

export type KeyType = 'bundle' | 'license'

/**
 * Makes a key pair: ECDSA P-256 for bundles, Ed25519 for licenses. Writes `out.key` (PEM, PKCS #8, mode 0600, encrypted
 * where a passphrase is given) and `out.pub` (PEM, SPKI). Never overwrites.
 * @throws SealiftError USAGE_EXISTS, STORAGE_WRITE
 */
export async function generateKeys(
  type: KeyType,
  out: string,
  passphrase?: string,
): Promise<{ key: string; pub: string }> {
  const { privateKey, publicKey } =
    type === 'bundle' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519')
  const secret =
    passphrase === undefined
      ? (privateKey.export({ type: 'pkcs8', format: 'pem' }) as string)
      : encryptPrivateKey(privateKey, passphrase)
  await writeNewFile(`${out}.key`, secret, 0o600)
  await writeNewFile(`${out}.pub`, publicKey.export({ type: 'spki', format: 'pem' }) as string, 0o644)
  return { key: `${out}.key`, pub: `${out}.pub` }
}
