import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { type Draft, isGroup } from '../../answers/draft.ts'
import { whyUntrusted } from '../../certificates/untrusted.ts'
import { type Lookout, needed, text } from './look.ts'

/** PostgreSQL's SSLRequest: length 8, code 80877103 (protocol documentation, "SSL Session Encryption") */
const sslRequest = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])

/** An external database: it answers, and speaks TLS. Login and rights are for the checks. */
export const databaseLookout: Lookout = {
  reads: ['/database'],
  async run({ draft, signal, fact }) {
    const host = needed(draft, '/database/host')
    const port = portOf(draft)
    const offersTls = await asksForTls(host, port, signal, async (socket) => {
      fact('Reached', `${host}:${port}`)
      const { smallCa } = await import('../../install/small-file.ts')
      const caFile = text(draft, '/database/caFile')
      const ca = caFile === undefined ? {} : { ca: smallCa(caFile, 'database.caFile') }
      const secure = connectTls({ socket, servername: host, ...ca, rejectUnauthorized: false })
      await settled(secure, 'secureConnect', signal)
      fact('TLS', secure.getProtocol() ?? 'unknown')
      fact(
        'Certificate',
        secure.authorized ? 'trusted' : whyUntrusted(String(secure.authorizationError)),
        !secure.authorized,
      )
      secure.destroy()
    })
    if (!offersTls) fact('TLS', 'the server offers none', text(draft, '/database/sslMode') !== 'disable')
  },
}

function portOf(draft: Draft): number {
  const port = isGroup(draft.database) ? draft.database.port : undefined
  return typeof port === 'number' && port > 0 && port < 65_536 ? port : 5432
}

type Socket = ReturnType<typeof connect>

async function asksForTls(
  host: string,
  port: number,
  signal: AbortSignal,
  secure: (socket: Socket) => Promise<void>,
): Promise<boolean> {
  const socket = connect({ host, port, signal })
  try {
    await settled(socket, 'connect', signal)
    socket.write(sslRequest)
    const [answer] = (await settled(socket, 'data', signal)) as [Buffer]
    if (answer.toString('latin1') === 'N') return false
    if (answer.toString('latin1') !== 'S') throw new Error('what answers there is no PostgreSQL')
    await secure(socket)
    return true
  } catch (cause) {
    signal.throwIfAborted()
    throw new SealiftError('USAGE_DATABASE', `no PostgreSQL is reached at ${host}:${port}`, {
      why: (cause as Error).message,
      fix: `look at address and port, then: nc -vz ${host} ${port}`,
      cause,
    })
  } finally {
    socket.destroy()
  }
}

/** The next event of a socket; its error where that comes first, or its end. */
function settled(socket: Socket, event: 'connect' | 'data' | 'secureConnect', signal: AbortSignal): Promise<unknown[]> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown[]>()
  socket.once(event, (...values: unknown[]) => resolve(values))
  socket.once('error', reject)
  socket.once('close', () => reject(new Error('the connection was closed')))
  signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  return promise
}
