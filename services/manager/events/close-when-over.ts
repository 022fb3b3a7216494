import type { FastifyRequest } from 'fastify'
import type { WebSocket } from 'ws'
import type { Dependencies } from '../dependencies.ts'

/** How often a connection's session or key is asked again, in milliseconds, so that revoking one ends it. */
const everyHalfMinute = 30_000

/** Closes a WebSocket with 4401 (log in again) when its caller's session is over, or the caller's roles are others. */
export function closeWhenOver(
  request: FastifyRequest,
  websocket: WebSocket,
  { identify, recheckEvery = everyHalfMinute }: Pick<Dependencies, 'identify' | 'recheckEvery'>,
): void {
  const stillThere = async (): Promise<boolean> => {
    const caller = request.credential && (await identify(request.credential.value))
    // roles decide what is seen: after a change of them the connection starts anew
    return caller !== undefined && JSON.stringify(rights(caller)) === JSON.stringify(rights(request.user))
  }
  const recheck = setInterval(() => {
    stillThere().then(
      (there) => {
        if (!there) websocket.close(4401, 'log in again')
      },
      // the database is away: what is open stays open
      () => undefined,
    )
  }, recheckEvery)
  websocket.on('close', () => clearInterval(recheck))
}

const rights = (caller: FastifyRequest['user']) => [caller?.id, caller?.role, caller?.organizations]
