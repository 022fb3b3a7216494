import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Upstream } from './model.ts'

const attemptMs = 1_000
const pauseMs = 100

/**
 * Resolves when a pod of each upstream that has some takes a connection from here, with the names of those where none did
 * within `limitMs`: whatever enforces network policies may let this pod out only a while after it has started.
 */
export async function untilReached(upstreams: readonly Upstream[], limitMs: number): Promise<string[]> {
  const end = performance.now() + limitMs
  const missed = await Promise.all(
    upstreams.map(async ({ name, endpoints }) => {
      while (endpoints.length > 0 && !(await anyTakes(endpoints))) {
        if (performance.now() > end) return [name]
        await sleep(pauseMs)
      }
      return []
    }),
  )
  return missed.flat()
}

const anyTakes = async (endpoints: readonly string[]): Promise<boolean> =>
  (await Promise.all(endpoints.map(takesConnection))).includes(true)

/** `address:port`, an IPv6 address in brackets. */
function takesConnection(endpoint: string): Promise<boolean> {
  const at = endpoint.lastIndexOf(':')
  const [host, port] = [endpoint.slice(0, at).replace(/^\[|\]$/g, ''), Number(endpoint.slice(at + 1))]
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: attemptMs })
    const finish = (takes: boolean) => () => {
      socket.destroy()
      resolve(takes)
    }
    socket.on('connect', finish(true)).on('timeout', finish(false)).on('error', finish(false))
  })
}
