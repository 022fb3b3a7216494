import { addressesOf } from './addresses-of.ts'
import { type Answer, askForWebSocket, type Get, httpsGet } from './https-get.ts'
import type { IngressAddress } from './ingress-address.ts'

/** A path at which WebSockets are served: the terminal of a workspace that nobody has. */
export const webSocketPath = '/proxy/workspaces/0000000000/shell'

/** What becomes of a WebSocket on a way to the platform: through; kept from it by what stands there; or it is no way to it. */
export type Passage = { state: 'through' } | { state: 'stopped' | 'elsewhere'; got: string }

/**
 * Tries one way with a WebSocket. Who asks the platform for one without a ticket is told so (401); who asks without an
 * upgrade, that one is required (426). `mark` is the header that the answers of a stand-in have, which takes everybody.
 * A WebSocket is asked for last: what is stopped was so on a way that stood already.
 * @throws the reason of the signal
 */
export async function passage(
  { address, port }: IngressAddress,
  { name, ca, mark, signal }: Pick<Get, 'name' | 'ca' | 'signal'> & { mark?: string },
): Promise<Passage> {
  const asked = async (ask: typeof httpsGet): Promise<Answer | Error> => {
    const answer = await ask({ address, port, name, path: webSocketPath, ca, signal }).catch((error: Error) => error)
    signal.throwIfAborted()
    return answer
  }
  const isOurs = (answer: Answer | Error, status: number): boolean =>
    !(answer instanceof Error) && answer.status === status && (mark === undefined || mark in answer.headers)
  const plain = await asked(httpsGet)
  if (!isOurs(plain, 426)) return { state: 'elsewhere', got: told(plain) }
  const upgraded = await asked(askForWebSocket)
  if (isOurs(upgraded, mark === undefined ? 401 : 101)) return { state: 'through' }
  const isStripped = isOurs(upgraded, 426)
  return { state: 'stopped', got: isStripped ? 'the request for it arrives without its upgrade' : told(upgraded) }
}

const told = (answer: Answer | Error): string => (answer instanceof Error ? answer.message : `status ${answer.status}`)

/** What this machine saw of the way to the platform. */
export interface FrontSeen {
  at: IngressAddress
  way: Passage
  /** what stands before it, where DNS leads the host elsewhere */
  before: Awaited<ReturnType<typeof wayBefore>>
}

/** What helps where WebSockets are stopped. */
export const passWebSocketsOn =
  'let what stands there pass the headers Upgrade and Connection on with HTTP/1.1 (NGINX: proxy_set_header Upgrade $http_upgrade)'

/**
 * What becomes of a WebSocket at the address where DNS leads a host, if that is not the ingress itself: there something
 * stands before it. Undefined where nothing does.
 */
export async function wayBefore(
  host: string,
  ingress: IngressAddress,
  asking: Omit<Parameters<typeof passage>[1], 'name'>,
): Promise<{ address: string; way: Passage } | undefined> {
  const [named, own] = await Promise.all([addressesOf(host), addressesOf(ingress.address)])
  const address = named.find((one) => !own.includes(one))
  if (address === undefined) return undefined
  return { address, way: await passage({ address, port: 443 }, { name: host, ...asking }) }
}
