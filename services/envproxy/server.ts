import { createPrivateKey } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { lameDuckMs } from '../lame-duck.ts'
import { loggerOptions } from '../logging.ts'
import { opensshKey } from '../ssh/openssh-key.ts'
import { trustedProxies } from '../trusted-proxies.ts'
import { guardDoors, standLast } from '../uncaught.ts'
import { createAccess } from './access.ts'
import { createActivity } from './activity.ts'
import { createEnvproxy } from './app.ts'
import { createDirectory, managerDirectory } from './dev-urls/directory.ts'
import { readEnvironment } from './environment.ts'
import { createManager } from './manager.ts'
import { askManager } from './manager-access.ts'
import { createNotices, managerNotices, noNotices } from './notices.ts'
import { doors } from './route.ts'
import { createLookup } from './ssh/lookup.ts'
import { newOwnKey } from './ssh/own-key.ts'
import { createSshServer, sshPort } from './ssh/server.ts'
import { managerKeys } from './ticket.ts'

const environment = readEnvironment(process.env)
const { managerUrl, accessUrl, devUrlsHost, editorsHost, internalKey } = environment

const ownPorts: readonly number[] = [...Object.values(doors), sshPort]

const manager = internalKey ? createManager(managerUrl, internalKey) : undefined
const access = createAccess({ ask: askManager(manager) })
const activity = createActivity(async (workspaces) => {
  const answer = await manager?.call('POST', '/internal/activity', { workspaces })
  if (answer && answer.status >= 500) throw new Error(`the manager answered ${answer.status}`)
})

const notices = manager ? createNotices(managerNotices(manager)) : noNotices

const proxies = trustedProxies(environment.trustedProxies, {
  log: { warn: (details, message) => envproxy.app.log.warn(details, message) },
})
const envproxy = createEnvproxy({
  keys: managerKeys(managerUrl),
  // the Service has the platform's own ports; the pod itself has all
  locate: ({ workspace, port }) => ({
    host: `ws-${workspace}${ownPorts.includes(port) ? '' : '-pod'}${environment.workspaceHostSuffix}`,
    port,
  }),
  devUrls:
    (devUrlsHost || editorsHost) && accessUrl && manager
      ? {
          hosts: { devUrls: devUrlsHost, editors: editorsHost },
          siteUrl: accessUrl,
          directory: createDirectory({ ask: managerDirectory(manager) }),
        }
      : undefined,
  sharedKey: internalKey,
  access,
  activity,
  notices,
  trusts: proxies.has,
  logger: loggerOptions(environment.logLevel),
  maxSessions: environment.maxSessions,
  maxSessionsPerUser: environment.maxSessionsPerUser,
})
const { app } = envproxy
standLast({ log: app.log, alone: true })
guardDoors('http', app.server)

const ssh = manager && environment.sshHostKey ? sshServer(environment.sshHostKey) : undefined
if (!ssh) app.log.warn('INTERNAL_KEY_FILE or SSH_HOST_KEY_FILE is not set: no SSH')

function sshServer(hostKey: string) {
  const ownKey = newOwnKey()
  return createSshServer({
    hostKey: opensshKey(createPrivateKey(hostKey)),
    ownKey,
    lookup: createLookup(manager as NonNullable<typeof manager>, ownKey.fingerprint),
    locate: (workspace) => ({ host: `ws-${workspace}${environment.workspaceHostSuffix}`, port: sshPort }),
    quota: envproxy.quota,
    access,
    activity,
    notices,
    proxies: environment.sshProxyProtocol ? proxies : undefined,
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
  }, environment.drainSeconds * 1000)
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

if (ssh) guardDoors('ssh', ssh)
ssh?.on('error', (error: NodeJS.ErrnoException) => {
  if (!noIpv6(error)) throw error
  ssh.listen(environment.sshPort, '0.0.0.0')
})
ssh?.listen(environment.sshPort, '::')
await proxies.look()
await app.listen({ host: '::', port: environment.port }).catch((error: NodeJS.ErrnoException) => {
  if (!noIpv6(error)) throw error
  return app.listen({ host: '0.0.0.0', port: environment.port })
})
