import { askForWebSocket, httpsGet } from './https-get.ts'
import type { IngressAddress } from './ingress-address.ts'
import { passWebSocketsOn, webSocketPath } from './websocket.ts'

/** One route: which service answers there, and with which status. None needs a login. */
export interface SmokeCheck {
  service: string
  host: string
  path: string
  expected: number
  /** asked for with an upgrade, which has to arrive */
  isWebSocket?: true
}

/** Each route says that one service answers through the ingress. */
export function smokeChecks({
  host,
  devUrlsHost,
  editorsHost,
}: {
  host: string
  devUrlsHost?: string
  editorsHost?: string
}): SmokeCheck[] {
  const nobodys = '0000000000'
  const checks: SmokeCheck[] = [
    { service: 'dashboard', host, path: '/', expected: 200 },
    { service: 'manager', host, path: '/api/v0/me', expected: 401 },
    // without an upgrade it is 426, with one a ticket is missed
    { service: 'envproxy', host, path: webSocketPath, expected: 401, isWebSocket: true },
  ]
  // who comes to an editor is sent to log in, whether it is there or not
  if (devUrlsHost !== undefined)
    checks.push({ service: 'envproxy', host: `ide-${nobodys}.${devUrlsHost}`, path: '/', expected: 302 })
  else if (editorsHost !== undefined)
    checks.push({ service: 'envproxy', host: editorsHost, path: `/${nobodys}/`, expected: 302 })
  return checks
}

/** Asks once. `got` says what came instead, and `fix` what helps where that shows it. @throws the reason of the signal */
export async function answerOf(
  { host, path, expected, isWebSocket }: SmokeCheck,
  to: IngressAddress,
  ca: string | undefined,
  signal: AbortSignal,
): Promise<{ isRight: boolean; got: string; fix?: string }> {
  try {
    const { status } = await (isWebSocket ? askForWebSocket : httpsGet)({ ...to, name: host, path, ca, signal })
    const got = `status ${status} where ${expected} was expected`
    if (isWebSocket && status === 426)
      return { isRight: false, got: `${got}: the upgrade to a WebSocket was lost on the way`, fix: passWebSocketsOn }
    return { isRight: status === expected, got }
  } catch (error) {
    signal.throwIfAborted()
    return { isRight: false, got: (error as Error).message }
  }
}
