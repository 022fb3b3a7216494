import { createPrivateKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { loggerOptions } from '../logging.ts'
import { opensshKey } from '../ssh/openssh-key.ts'
import { readTrusted, trustedProxies } from '../trusted-proxies.ts'
import { createAccess } from './access.ts'
import { createActivity } from './activity.ts'
import { createEnvproxy } from './app.ts'
import { createDirectory, managerDirectory } from './dev-urls/directory.ts'
import { createManager } from './manager.ts'
import { askManager } from './manager-access.ts'
import { doors } from './route.ts'
import { createLookup } from './ssh/lookup.ts'
import { newOwnKey } from './ssh/own-key.ts'
import { createSshServer, sshPort } from './ssh/server.ts'
import { managerKeys } from './ticket.ts'

/** Time for the cluster to notice that this replica is not ready before it stops listening, in milliseconds. */
const lameDuckMs = 5_000

const {
  PORT = '8080',
  LOG_LEVEL = 'info',
  MANAGER_URL = 'http://cde-manager:8080',
  WORKSPACE_HOST_SUFFIX = '.cde.svc.cluster.local',
  DRAIN_SECONDS = '14400',
  MAX_SESSIONS = '10000',
  MAX_SESSIONS_PER_USER = '64',
  INTERNAL_KEY_FILE,
  ACCESS_URL,
  DEVURLS_HOST,
  EDITORS_HOST,
  SSH_PORT = '2222',
  SSH_HOST_KEY_FILE,
  TRUSTED_PROXIES = '',
} = process.env

const ownPorts: readonly number[] = [...Object.values(doors), sshPort]

const sharedKey = INTERNAL_KEY_FILE ? readFileSync(INTERNAL_KEY_FILE, 'utf8').trim() : undefined
const manager = sharedKey ? createManager(MANAGER_URL, sharedKey) : undefined
const access = createAccess({ ask: askManager(manager) })
const activity = createActivity(async (workspaces) => {
  const answer = await manager?.call('POST', '/internal/activity', { workspaces })
  if (answer && answer.status >= 500) throw new Error(`the manager answered ${answer.status}`)
})

const proxies = trustedProxies(readTrusted(TRUSTED_PROXIES), {
  log: { warn: (details, message) => envproxy.app.log.warn(details, message) },
})
const envproxy = createEnvproxy({
  keys: managerKeys(MANAGER_URL),
  // the Service has the platform's own ports; the pod itself has all
  locate: ({ workspace, port }) => ({
    host: `ws-${workspace}${ownPorts.includes(port) ? '' : '-pod'}${WORKSPACE_HOST_SUFFIX}`,
    port,
  }),
  devUrls:
    (DEVURLS_HOST || EDITORS_HOST) && ACCESS_URL && manager
      ? {
          hosts: { devUrls: DEVURLS_HOST || undefined, editors: EDITORS_HOST || undefined },
          siteUrl: ACCESS_URL,
          directory: createDirectory({ ask: managerDirectory(manager) }),
        }
      : undefined,
  sharedKey,
  access,
  activity,
  trusts: proxies.has,
  logger: loggerOptions(LOG_LEVEL),
  maxSessions: Number(MAX_SESSIONS),
  maxSessionsPerUser: Number(MAX_SESSIONS_PER_USER),
})
const { app } = envproxy

const ssh = manager && SSH_HOST_KEY_FILE ? sshServer(readFileSync(SSH_HOST_KEY_FILE, 'utf8')) : undefined
if (!ssh) app.log.warn('INTERNAL_KEY_FILE or SSH_HOST_KEY_FILE is not set: no SSH')

function sshServer(hostKey: string) {
  const ownKey = newOwnKey()
  return createSshServer({
    hostKey: opensshKey(createPrivateKey(hostKey)),
    ownKey,
    lookup: createLookup(manager as NonNullable<typeof manager>, ownKey.fingerprint),
    locate: (workspace) => ({ host: `ws-${workspace}${WORKSPACE_HOST_SUFFIX}`, port: sshPort }),
    quota: envproxy.quota,
    access,
    activity,
    log: app.log,
  })
}

/** SIGTERM: not ready, then no new connections, then wait for the sessions to end or the grace to be over. */
async function stop(signal: string): Promise<void> {
  app.log.info({ signal, sessions: envproxy.sessions() }, 'draining')
  envproxy.drain()
  if (signal === 'SIGTERM') await sleep(lameDuckMs)
  const grace = setTimeout(() => {
    app.log.warn({ sessions: envproxy.sessions() }, 'grace is over, cutting sessions')
    envproxy.cut()
    ssh?.cut()
  }, Number(DRAIN_SECONDS) * 1000)
  // Resolves when the last connection has ended, spliced ones included.
  await Promise.all([app.close(), new Promise((resolve) => (ssh ? ssh.close(resolve) : resolve(undefined)))])
  clearTimeout(grace)
  app.log.info('stopped')
}

let stopping: Promise<void> | undefined
for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, () => {
    // A second SIGINT is a person who does not want to wait.
    if (stopping && signal === 'SIGINT') envproxy.cut()
    stopping ??= stop(signal)
  })
}

const noIpv6 = (error: NodeJS.ErrnoException) => error.code === 'EAFNOSUPPORT' || error.code === 'EADDRNOTAVAIL'

ssh?.on('error', (error: NodeJS.ErrnoException) => {
  if (!noIpv6(error)) throw error
  ssh.listen(Number(SSH_PORT), '0.0.0.0')
})
ssh?.listen(Number(SSH_PORT), '::')
await proxies.look()
await app.listen({ host: '::', port: Number(PORT) }).catch((error: NodeJS.ErrnoException) => {
  if (!noIpv6(error)) throw error
  return app.listen({ host: '0.0.0.0', port: Number(PORT) })
})
