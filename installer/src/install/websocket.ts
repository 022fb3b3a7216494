import { addressesOf } from './addresses-of.ts'
import { askForWebSocket, type Get, httpsGet } from './https-get.ts'
import type { IngressAddress } from './ingress-address.ts'

/** A path at which WebSockets are served: the terminal of a workspace that nobody has. */
export const webSocketPath = '/proxy/workspaces/0000000000/shell'

/** What becomes of a WebSocket on a way to the platform: through; kept from it by what stands there; or it is no way to it. */
export type Passage = { state: 'through' } | { state: 'stopped' | 'elsewhere'; got: string }

/**
 * Tries one way with a WebSocket. Who asks the platform for one without a ticket is told so (401); who asks without an
 * upgrade, that one is required (426). `mark` is the header that the answers of a stand-in have, which takes everybody.
 * @throws the reason of the signal
 */
export async function passage(
  { address, port }: IngressAddress,
  { name, ca, mark, signal }: Pick<Get, 'name' | 'ca' | 'signal'> & { mark?: string },
): Promise<Passage> {
  const get = { address, port, name, path: webSocketPath, ca, signal }
  const [through, plain] = await Promise.all(
    [askForWebSocket, httpsGet].map((ask) => ask(get).catch((error: Error) => error)),
  )
  signal.throwIfAborted()
  const isOurs = (answer: typeof plain, status: number): boolean =>
    answer !== undefined &&
    !(answer instanceof Error) &&
    answer.status === status &&
    (mark === undefined || mark in answer.headers)
  if (isOurs(through, mark === undefined ? 401 : 101)) return { state: 'through' }
  return isOurs(plain, 426)
    ? { state: 'stopped', got: told(isOurs(through, 426) ? undefined : through) }
    : { state: 'elsewhere', got: told(plain) }
}

const told = (answer: { status: number } | Error | undefined): string =>
  answer === undefined
    ? 'the request for it arrives without its upgrade'
    : answer instanceof Error
      ? answer.message
      : `status ${answer.status}`

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
