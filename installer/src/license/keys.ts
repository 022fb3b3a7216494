import { generateKeyPairSync } from 'node:crypto'
import { open } from 'node:fs/promises'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { encryptPrivateKey } from '@sealift/bundle-spec/private-key.ts'

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
  await writeNew(`${out}.key`, secret, 0o600)
  await writeNew(`${out}.pub`, publicKey.export({ type: 'spki', format: 'pem' }) as string, 0o644)
  return { key: `${out}.key`, pub: `${out}.pub` }
}

async function writeNew(path: string, text: string, mode: number): Promise<void> {
  try {
    const file = await open(path, 'wx', mode)
    await file.writeFile(text)
    await file.sync()
    await file.close()
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'EEXIST')
      throw new SealiftError('USAGE_EXISTS', `${path} exists already and is not overwritten`, {
        fix: 'choose another name: --out NAME',
      })
    throw new SealiftError('STORAGE_WRITE', `${path} cannot be written`, { why: code, cause })
  }
}
