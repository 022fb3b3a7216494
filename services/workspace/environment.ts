import type { JSONWebKeySet } from 'jose'
import { variablesOf } from '../environment.ts'

/**
 * Reads and checks what the agent is told by its environment, before anything starts.
 * @throws Error that names the variable at fault
 */
export function readEnvironment(env: NodeJS.ProcessEnv) {
  const { optional, optionalUrl, port, logLevel } = variablesOf(env)
  return {
    port: port('PORT', 26_337),
    idePort: port('IDE_PORT', 13_337),
    sshPort: port('SSH_PORT', 12_212),
    logLevel: logLevel(),
    home: optional('HOME') ?? '/home/coder',
    workspaceId: optional('WORKSPACE_ID'),
    /** the manager's public keys, with which grants are checked */
    ticketKeys: readKeys(optional('TICKET_KEYS')),
    /** an Open VSX server, for the editor */
    gallery: optionalUrl('EDITORS_GALLERY'),
    codeServer: optional('CODE_SERVER') ?? '/opt/code-server/out/node/entry.js',
    sftpServer: optional('SFTP_SERVER') ?? '/usr/lib/openssh/sftp-server',
    /** certificate authorities of the site, as Node takes them too */
    siteCa: optional('NODE_EXTRA_CA_CERTS'),
  }
}

function readKeys(text: string | undefined): JSONWebKeySet | undefined {
  if (text === undefined) return undefined
  try {
    const keys: unknown = JSON.parse(text)
    if (Array.isArray((keys as JSONWebKeySet | null)?.keys)) return keys as JSONWebKeySet
  } catch {
    // said below
  }
  throw new Error('TICKET_KEYS is not a JSON Web Key Set')
}
