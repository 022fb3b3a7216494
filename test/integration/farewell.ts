import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'

/** For how long a service that was told to leave must still answer, in milliseconds. */
const atLeast = 8_000

/**
 * Asks a service that was sent SIGTERM a moment ago: until the cluster has heard of it, each request is answered as before,
 * and from some answer on each asks its client to come back over another connection.
 */
export async function answersFarewell(
  url: string,
  status: number,
  headers: Record<string, string> = {},
): Promise<void> {
  const begun = performance.now()
  let connection: string | null = null
  while (performance.now() - begun < atLeast) {
    const answer = await fetch(url, { headers })
    await answer.arrayBuffer()
    assert.equal(answer.status, status)
    connection = answer.headers.get('connection')
    await sleep(100)
  }
  assert.equal(connection, 'close')
}
