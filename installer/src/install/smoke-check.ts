import { httpsGet } from './https-get.ts'
import type { IngressAddress } from './ingress-address.ts'

/** One route: which service answers there, and with which status. None needs a login. */
export type SmokeCheck = { service: string; host: string; path: string; expected: number }

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
  const checks = [
    { service: 'dashboard', host, path: '/', expected: 200 },
    { service: 'manager', host, path: '/api/v0/me', expected: 401 },
    { service: 'envproxy', host, path: `/proxy/workspaces/${nobodys}/shell`, expected: 426 },
  ]
  // who comes to an editor is sent to log in, whether it is there or not
  if (devUrlsHost !== undefined)
    checks.push({ service: 'envproxy', host: `ide-${nobodys}.${devUrlsHost}`, path: '/', expected: 302 })
  else if (editorsHost !== undefined)
    checks.push({ service: 'envproxy', host: editorsHost, path: `/${nobodys}/`, expected: 302 })
  return checks
}

/** Asks once. `got` says what came instead. @throws the reason of the signal */
export async function answerOf(
  { host, path, expected }: SmokeCheck,
  to: IngressAddress,
  ca: string | undefined,
  signal: AbortSignal,
): Promise<{ isRight: boolean; got: string }> {
  try {
    const { status } = await httpsGet({ ...to, name: host, path, ca, signal })
    return { isRight: status === expected, got: `status ${status} where ${expected} was expected` }
  } catch (error) {
    signal.throwIfAborted()
    return { isRight: false, got: (error as Error).message }
  }
}
