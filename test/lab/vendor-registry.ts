import { randomBytes } from 'node:crypto'
import { startRegistry } from './registry.ts'

export type VendorRegistry = {
  host: string
  caFile: string
  username: string
  password: string
  stop: () => Promise<void>
}

/**
 * Starts the vendor's registry: on loopback, a free port, TLS, a password for everything. Content stays in `directory`
 * and is there again at the next start. Needs no cluster; ends with the process that started it.
 */
export async function startVendorRegistry(directory: string): Promise<VendorRegistry> {
  const auth = { username: 'vendor', password: randomBytes(12).toString('base64url') }
  const { host, caFile = '', stop } = await startRegistry({ directory, tls: true, auth })
  return { host, caFile, ...auth, stop }
}
