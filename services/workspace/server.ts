import type { Server } from 'node:net'
import { pino } from 'pino'
import { loggerOptions } from '../logging.ts'
import { guardDoors, standLast } from '../uncaught.ts'
import { createEnvagent } from './app.ts'
import { readEnvironment } from './environment.ts'
import { grantReader } from './grant.ts'
import { createCodeServer } from './ide/code-server.ts'
import { createIdeServer } from './ide/door.ts'
import { shellEnvironment } from './shell-environment.ts'
import { siteTrust } from './site-trust.ts'
import { grantChecker } from './ssh/grant.ts'
import { agentFolder, loadHostKey } from './ssh/host-key.ts'
import { createSshServer } from './ssh/server.ts'

const told = readEnvironment(process.env)
const { home, workspaceId, ticketKeys } = told
const log = pino(loggerOptions(told.logLevel))
standLast({ log, alone: true })

// Node reaps only its own children; what a shell leaves behind falls to process 1, which therefore has to be an init.
if (process.pid === 1)
  log.warn('envagent runs as process 1 without an init: orphans stay as zombies; start it with tini')

const trust = await siteTrust(told.siteCa, agentFolder(home)).catch((error: Error) => {
  log.warn({ error: error.message }, 'the certificate authority of the site is not trusted in shells')
  return {}
})
const environment = shellEnvironment(process.env, trust)
const readGrant = workspaceId && ticketKeys ? grantReader(ticketKeys, workspaceId) : undefined
if (!readGrant) log.warn('WORKSPACE_ID or TICKET_KEYS is not set: nobody can be let in safely, and so nobody is')
const envagent = createEnvagent({ home, environment, readGrant, log })
const editor = createCodeServer({
  entry: told.codeServer,
  home,
  environment,
  gallery: told.gallery,
  log,
})
const ide = createIdeServer(editor, { readGrant, log })
const servers: Server[] = [envagent.server, ide]

function stop(signal: string): void {
  log.info({ signal, sessions: envagent.sessions.count }, 'stopping')
  envagent.sessions.endAll()
  editor.stop()
  const closed = servers.map((server) => new Promise((resolve) => server.close(resolve)))
  void Promise.all(closed).then(() => process.exit(0))
  // Shells that ignore SIGHUP are killed after 3 seconds; nothing is worth waiting longer.
  setTimeout(() => process.exit(0), 4_000).unref()
}
process.once('SIGTERM', stop)
process.once('SIGINT', stop)

/** Listens on both families, or on IPv4 where there is no other. */
function listen(server: Server, port: number): void {
  server.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EAFNOSUPPORT' || error.code === 'EADDRNOTAVAIL') {
      server.listen(port, '0.0.0.0')
      return
    }
    log.fatal({ port, error: error.message }, 'can not listen')
    process.exit(1)
  })
  server.listen(port, '::', () => log.info({ port }, 'listening'))
}

guardDoors('terminal', envagent.server)
listen(envagent.server, told.port)
guardDoors('editor', ide)
listen(ide, told.idePort)

if (readGrant) {
  const ssh = createSshServer({
    hostKey: await loadHostKey(home),
    check: grantChecker(readGrant),
    home,
    environment,
    sftpServer: told.sftpServer,
    log,
  })
  servers.push(ssh)
  guardDoors('ssh', ssh)
  listen(ssh, told.sshPort)
}
