import type { Server } from 'node:net'
import { pino } from 'pino'
import { loggerOptions } from '../logging.ts'
import { createEnvagent } from './app.ts'
import { grantReader } from './grant.ts'
import { createCodeServer } from './ide/code-server.ts'
import { createIdeServer } from './ide/door.ts'
import { shellEnvironment } from './shell-environment.ts'
import { siteTrust } from './site-trust.ts'
import { grantChecker } from './ssh/grant.ts'
import { agentFolder, loadHostKey } from './ssh/host-key.ts'
import { createSshServer } from './ssh/server.ts'

const {
  PORT = '26337',
  IDE_PORT = '13337',
  SSH_PORT = '12212',
  LOG_LEVEL = 'info',
  HOME = '/home/coder',
  WORKSPACE_ID,
  TICKET_KEYS,
  EXTENSIONS_GALLERY,
  CODE_SERVER = '/opt/code-server/out/node/entry.js',
  IDE_SOCKET = '/tmp/.cde-editor.sock',
  SFTP_SERVER = '/usr/lib/openssh/sftp-server',
  NODE_EXTRA_CA_CERTS,
} = process.env
const log = pino(loggerOptions(LOG_LEVEL))

// Node reaps only its own children; what a shell leaves behind falls to process 1, which therefore has to be an init.
if (process.pid === 1)
  log.warn('envagent runs as process 1 without an init: orphans stay as zombies; start it with tini')

const trust = await siteTrust(NODE_EXTRA_CA_CERTS, agentFolder(HOME)).catch((error: Error) => {
  log.warn({ error: error.message }, 'the certificate authority of the site is not trusted in shells')
  return {}
})
const environment = shellEnvironment(process.env, trust)
const readGrant = WORKSPACE_ID && TICKET_KEYS ? grantReader(JSON.parse(TICKET_KEYS), WORKSPACE_ID) : undefined
if (!readGrant) log.warn('WORKSPACE_ID or TICKET_KEYS is not set: nobody can be let in safely, and so nobody is')
const envagent = createEnvagent({ home: HOME, environment, readGrant, log })
const editor = createCodeServer({
  entry: CODE_SERVER,
  socket: IDE_SOCKET,
  home: HOME,
  environment,
  gallery: EXTENSIONS_GALLERY,
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

listen(envagent.server, Number(PORT))
listen(ide, Number(IDE_PORT))

if (readGrant) {
  const ssh = createSshServer({
    hostKey: await loadHostKey(HOME),
    check: grantChecker(readGrant),
    home: HOME,
    environment,
    sftpServer: SFTP_SERVER,
    log,
  })
  servers.push(ssh)
  listen(ssh, Number(SSH_PORT))
}
