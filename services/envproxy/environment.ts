import { variablesOf } from '../environment.ts'
import { readTrusted } from '../trusted-proxies.ts'

/** What envproxy is told by its environment. */
export type Environment = ReturnType<typeof readEnvironment>

/**
 * Reads and checks the environment before anything starts.
 * @throws Error that names the variable at fault
 */
export function readEnvironment(env: NodeJS.ProcessEnv) {
  const { optional, optionalFile, optionalUrl, number, oneOf, port, url, logLevel } = variablesOf(env)
  return {
    port: port('PORT', 8080),
    sshPort: port('SSH_PORT', 2222),
    logLevel: logLevel(),
    managerUrl: url('MANAGER_URL', 'http://cde-manager:8080'),
    /** what follows the name of a workspace's Service */
    workspaceHostSuffix: optional('WORKSPACE_HOST_SUFFIX') ?? '.cde.svc.cluster.local',
    drainSeconds: number('DRAIN_SECONDS', 14_400, { most: 604_800 }),
    maxSessions: number('MAX_SESSIONS', 10_000, { least: 1 }),
    maxSessionsPerUser: number('MAX_SESSIONS_PER_USER', 64, { least: 1 }),
    /** shared with the manager */
    internalKey: optionalFile('INTERNAL_KEY_FILE')?.trim(),
    /** where people log in */
    accessUrl: optionalUrl('ACCESS_URL'),
    /** host below which dev URLs are */
    devUrlsHost: optional('DEVURLS_HOST'),
    /** host of editors, where those have no names of their own */
    editorsHost: optional('EDITORS_HOST'),
    /** whose X-Forwarded-* are believed, see trusted-proxies.ts */
    trustedProxies: readTrusted(optional('TRUSTED_PROXIES') ?? ''),
    /** private key in PEM by which users know this site */
    sshHostKey: optionalFile('SSH_HOST_KEY_FILE'),
    /** whether each SSH connection begins with a PROXY header; it is believed of `trustedProxies` */
    sshProxyProtocol: oneOf('SSH_PROXY_PROTOCOL', ['true', 'false'], 'false') === 'true',
  }
}
