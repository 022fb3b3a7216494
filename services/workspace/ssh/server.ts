import type { Server } from 'node:net'
import ssh2 from 'ssh2'
import { createLoginServer } from '../../ssh/login-server.ts'
import type { StartupLimits } from '../../ssh/startups.ts'
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
  /** connections that have logged in */
  maxConnections?: number
  /** sessions and forwardings of one connection at a time */
  maxChannels?: number
  /** for connections that have not logged in yet */
  limits?: Partial<StartupLimits>
}

/** One source has all places: envproxy, which logs in by program. */
const limits: StartupLimits = { start: 32, rate: 0.3, full: 64, perSource: 64, loginMs: 15_000 }

/**
 * The workspace's SSH server: sessions (shell, command, sftp) and forwarding to the workspace's own ports. Envproxy is
 * its only client, see grant.ts. Forwarding back, agents and X11 are refused. Does not listen yet.
 */
export function createSshServer(options: SshOptions): Server {
  const { log, maxConnections = 128, maxChannels = 64 } = options
  const ssh = new ssh2.Server({
    hostKeys: [options.hostKey],
    ident: 'cde-workspace',
    algorithms: { cipher: [...ciphers] },
    keepaliveInterval: 30_000,
    keepaliveCountMax: 4,
  })
  let open = 0
  return createLoginServer(ssh, { limits: { ...limits, ...options.limits }, log }, ({ connection, admit, hangUp }) => {
    // one for each channel
    connection.setMaxListeners(0)
    let user: string | undefined
    let channels = 0
    const take = (): boolean => {
      if (channels >= maxChannels) return false
      channels += 1
      return true
    }
    connection.on('error', (error: Error) => log.warn({ error: error.message }, 'ssh connection failed'))
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
      if (open >= maxConnections) {
        log.warn({ user }, 'ssh login refused: as many are open as may be')
        return hangUp()
      }
      admit()
      open += 1
      connection.once('close', () => {
        open -= 1
      })
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
}
