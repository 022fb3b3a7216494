import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Files with what the chart would have generated; made once, kept as long as the database they belong to. */
export type DevSecrets = { admin: string; ticket: string; internal: string; licenseKeys: string; password: string }

/** Makes the files that are not there yet. @returns their paths */
export async function devSecrets(directory: string): Promise<DevSecrets> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const file = async (name: string, make: () => string): Promise<string> => {
    const path = join(directory, name)
    if (!existsSync(path)) await writeFile(path, make(), { mode: 0o600 })
    return path
  }
  const word = () => randomBytes(24).toString('base64url')
  const ed25519 = () => generateKeyPairSync('ed25519')
  return {
    admin: await file('admin', () => randomBytes(9).toString('base64url')),
    ticket: await file('ticket.pem', () => ed25519().privateKey.export({ type: 'pkcs8', format: 'pem' }) as string),
    internal: await file('internal', () => word() + word()),
    licenseKeys: await file(
      'license-keys.pem',
      () => ed25519().publicKey.export({ type: 'spki', format: 'pem' }) as string,
    ),
    password: await file('postgres', word),
  }
}

export const textOf = async (path: string): Promise<string> => (await readFile(path, 'utf8')).trim()
