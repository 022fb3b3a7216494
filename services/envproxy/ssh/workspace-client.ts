import { connect } from 'node:net'
import ssh2, { type Client } from 'ssh2'
import { guardConnection } from '../../ssh/guard.ts'
import { ciphers } from '../../workspace/ssh/algorithms.ts'
import type { Address } from '../connect.ts'

/** The key pair with which envproxy logs in at workspaces; made anew at each start, never stored. */
export interface OwnKey {
  /** OpenSSH private key */
  private: string
  fingerprint: string
}

/**
 * Logs in at a workspace's SSH server with our key and the manager's grant as user name. Throws an Error whose message
 * may be shown to the user. The workspace's host key is not checked: nothing but the cluster's network tells workspaces
 * apart for terminals and editors either; the grant is bound to our key and so of no use to an impostor.
 */
export function logInAt(address: Address, grant: string, key: OwnKey, timeoutMs: number): Promise<Client> {
  const client = new ssh2.Client()
  return new Promise((resolve, reject) => {
    client.once('ready', () => resolve(client))
    client.on('error', (error) => {
      const code = (error as NodeJS.ErrnoException).code ?? error.level
      reject(new Error('The workspace can not be reached by SSH; is it running?', { cause: code ?? error.message }))
    })
    client.once('close', () => reject(new Error('The workspace closed the connection.')))
    client.connect({
      sock: connect({ ...address, noDelay: true }),
      username: grant,
      privateKey: key.private,
      readyTimeout: timeoutMs,
      keepaliveInterval: 30_000,
      keepaliveCountMax: 4,
      algorithms: { cipher: [...ciphers], compress: ['none'] },
    })
    guardConnection(client)
  })
}
