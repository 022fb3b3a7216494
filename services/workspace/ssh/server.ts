import ssh2, { type Connection, type Server } from 'ssh2'
import { guardConnection } from '../../ssh/guard.ts'
import { ciphers } from './algorithms.ts'
import { forward, isOwnPort } from './forward.ts'
import type { CheckGrant } from './grant.ts'
import { answerLogin } from './login.ts'
import { type SessionEnvironment, serveSession } from './session.ts'

export interface SshOptions extends SessionEnvironment {
  /** OpenSSH private key */
  hostKey: string
  check: CheckGrant
  log: { info(fields: object, message: string): void; warn(fields: object, message: string): void }
  maxConnections?: number
  /** sessions and forwardings of one connection at a time */
  maxChannels?: number
  /** time to log in, in milliseconds */
  loginMs?: number
}

/**
 * The workspace's SSH server: sessions (shell, command, sftp) and forwarding to the workspace's own ports. Envproxy is
 * its only client, see grant.ts. Forwarding back, agents and X11 are refused. Does not listen yet.
 */
export function createSshServer(options: SshOptions): Server {
  const { log, maxChannels = 64 } = options
  const server = new ssh2.Server({
    hostKeys: [options.hostKey],
    ident: 'cde-workspace',
    algorithms: { cipher: [...ciphers] },
    keepaliveInterval: 30_000,
    keepaliveCountMax: 4,
  })
  server.maxConnections = options.maxConnections ?? 128
  server.on('connection', (connection: Connection) => {
    guardConnection(connection)
    // one for each channel
    connection.setMaxListeners(0)
    let user: string | undefined
    let channels = 0
    const timer = setTimeout(() => connection.end(), options.loginMs ?? 15_000)
    const take = (): boolean => {
      if (channels >= maxChannels) return false
      channels += 1
      return true
    }
    connection.on('error', (error: Error) => log.warn({ error: error.message }, 'ssh connection failed'))
    connection.once('close', () => clearTimeout(timer))
    connection.on('authentication', (context) => {
      void answerLogin(
        context,
        options.check,
        (who) => {
          user = who
        },
        (why) => log.warn({ why }, 'ssh login refused'),
      )
    })
    connection.once('ready', () => {
      clearTimeout(timer)
      log.info({ user }, 'ssh login')
      connection.on('session', (accept, reject) => {
        if (!take()) return reject()
        const session = accept()
        session.once('close', () => {
          channels -= 1
        })
        serveSession(connection, session, options)
      })
      connection.on('tcpip', (accept, reject, { destIP, destPort }) => {
        if (!isOwnPort(destIP, destPort) || !take()) return reject()
        const free = () => {
          channels -= 1
        }
        forward(
          destPort,
          connection,
          () => accept()?.once('close', free),
          () => {
            free()
            reject()
          },
        )
      })
    })
  })
  return server
}
