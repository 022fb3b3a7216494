import type { Server } from 'node:net'
import ssh2, { type Client } from 'ssh2'
import { type Arrival, createLoginServer } from '../../ssh/login-server.ts'
import type { StartupLimits } from '../../ssh/startups.ts'
import { ciphers } from '../../workspace/ssh/algorithms.ts'
import type { Access } from '../access.ts'
import type { Activity } from '../activity.ts'
import type { Address } from '../connect.ts'
import type { Notices } from '../notices.ts'
import type { Quota } from '../quota.ts'
import { authenticate, type LetIn, type Login } from './login.ts'
import type { Lookup } from './lookup.ts'
import { opened, relaySession } from './relay-session.ts'
import { logInAt, type OwnKey } from './workspace-client.ts'

export interface SshOptions {
  /** OpenSSH private key that users know this site by; the same in every replica */
  hostKey: string
  ownKey: OwnKey
  lookup: Lookup
  locate(workspace: string): Address
  quota: Quota
  access: Access
  activity: Activity
  /** default: there are none */
  notices?: Notices | undefined
  log: { info(fields: object, message: string): void; warn(fields: object, message: string): void }
  /** where connections come through the own ingress, with PROXY headers: whose are believed */
  proxies?: { has(address: string): boolean } | undefined
  /** for connections that have not logged in yet */
  limits?: Partial<StartupLimits>
  /** channels of one connection */
  maxChannels?: number
  /** milliseconds for which the manager's answer to a login, and with it the grant, does for what is opened */
  freshMs?: number
}

export const sshPort = 12212

/** A login takes about a second, and as long as its user types a passphrase. */
const limits: StartupLimits = { start: 100, rate: 0.3, full: 256, perSource: 64, loginMs: 60_000 }
/** How long a user who has no place left may take to hear of it, in milliseconds. */
const turnAwayMs = 5_000

/**
 * SSH for users: `ssh <user>-<workspace>@<site>`. The workspace's name is inside the encrypted user name, so the
 * connection has to end here; a second one, inside the cluster, leads to the workspace. Who prefers end to end jumps
 * through this one to the workspace's own SSH server. Does not listen yet.
 */
export function createSshServer(options: SshOptions): Server & { cut(): void } {
  const { log, proxies } = options
  const arrivals = new Set<Arrival>()
  const ssh = new ssh2.Server({
    hostKeys: [options.hostKey],
    ident: 'cde',
    algorithms: { cipher: [...ciphers], compress: ['none'] },
    keepaliveInterval: 30_000,
    keepaliveCountMax: 4,
  })
  const server = createLoginServer(ssh, { limits: { ...limits, ...options.limits }, proxies, log }, (arrival) => {
    const { connection } = arrival
    let login: LetIn | undefined
    arrivals.add(arrival)
    connection.once('close', () => arrivals.delete(arrival))
    connection.on('error', (error: Error) => log.info({ error: error.message }, 'ssh connection failed'))
    authenticate(connection, options.lookup, {
      matched(found) {
        login = found
      },
      refused: (why) => log.warn({ why }, 'ssh login refused'),
      failed: (error) => log.warn({ error: String(error) }, 'ssh login failed: the manager can not be asked'),
    })
    connection.once('ready', () => {
      if (login) serve(options, arrival, login)
      else arrival.hangUp()
    })
  })
  return Object.assign(server, {
    cut() {
      for (const arrival of arrivals) arrival.hangUp()
    },
  })
}

/** Answers the first session with a sentence and ends the connection, which until then counts as not logged in. */
function turnAway({ connection, hangUp }: Arrival, error: Error): void {
  const timer = setTimeout(hangUp, turnAwayMs)
  connection.once('close', () => clearTimeout(timer))
  connection.once('session', (accept) => {
    const session = accept()
    session.once('close', hangUp)
    relaySession(connection, session, () => Promise.reject(error))
  })
}

/** What the manager says of a login now. Throws an Error whose message may be shown to the user. */
async function renewed(login: LetIn): Promise<Login> {
  const found = await login.renew().catch((cause) => {
    throw new Error('Nobody can say whether you may use this; try again.', { cause })
  })
  if (!found) throw new Error('You may not use this workspace any more.')
  return found
}

function serve(options: SshOptions, arrival: Arrival, login: LetIn): void {
  const { connection, hangUp } = arrival
  const { log, maxChannels = 64, freshMs = 30_000 } = options
  const { user, workspace, credential } = login
  const about = { user, workspace }
  const begun = performance.now()
  let free: () => void
  try {
    free = options.quota.take(user)
  } catch (error) {
    log.warn({ ...about, why: (error as Error).message }, 'ssh login refused')
    turnAway(arrival, error as Error)
    return
  }
  arrival.admit()
  let inner: Promise<Client> | undefined
  // with `ssh -N` the first channel may come hours after the login, whose grant has ended by then
  const logIn = async (): Promise<Client> => {
    const { obstacle, grant, status } = performance.now() - begun < freshMs ? login : await renewed(login)
    if (obstacle) throw new Error(obstacle)
    if (!grant) throw new Error(`The workspace is ${status}: start it first.`)
    const client = await logInAt(options.locate(workspace), grant, options.ownKey, 15_000)
    client.once('close', () => connection.end())
    client.on('error', (error) => log.warn({ ...about, error: error.message }, 'workspace connection failed'))
    return client
  }
  const dial = (): Promise<Client> => {
    inner ??= logIn().catch((error: Error) => {
      log.warn({ ...about, cause: String(error.cause ?? error.message) }, 'no ssh to it')
      // the next channel may find it well
      inner = undefined
      throw error
    })
    return inner
  }
  const unwatch = options.access.watch({ user, workspace, port: sshPort, credential }, () => {
    log.info(about, 'ssh connection cut: access was withdrawn')
    hangUp()
  })
  log.info(about, 'ssh session opened')
  connection.once('close', () => {
    unwatch()
    free()
    letGo()
    inner?.then((client) => client.end()).catch(() => {})
    log.info({ ...about, seconds: Math.round((performance.now() - begun) / 1000) }, 'ssh session ended')
  })

  let channels = 0
  // a shell at its prompt, a long build and a forwarded port are in use as long as they are open; a bare connection is not
  let letGo = () => {}
  const take = () => {
    channels += 1
    if (channels === 1) letGo = options.activity.hold(workspace)
    return channels <= maxChannels
  }
  const give = () => {
    channels -= 1
    if (channels === 0) letGo()
  }
  connection.on('session', (accept, reject) => {
    if (!take()) {
      give()
      return reject()
    }
    const session = accept()
    session.once('close', give)
    relaySession(connection, session, dial, options.notices)
  })
  connection.on('tcpip', (accept, reject, { srcIP, srcPort, destIP, destPort }) => {
    if (!take()) {
      give()
      return reject()
    }
    dial()
      .then((client) => opened((done) => client.forwardOut(srcIP, srcPort, destIP, destPort, done)))
      .then(({ stream }) => {
        const channel = accept()
        const left = () => {
          give()
          stream.destroy()
        }
        if (!channel) return left()
        channel.once('close', left)
        channel.pipe(stream).pipe(channel)
      })
      .catch(() => {
        give()
        reject()
      })
  })
}
