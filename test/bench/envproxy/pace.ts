import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Connection } from './connection.ts'
import { frame, frameReader } from './frames.ts'

export interface Pace {
  /** bytes of a message */
  size: number
  /** messages of each connection in a second */
  hertz: number
  /** seconds that are not counted, then seconds that are */
  warmUp: number
  seconds: number
}

/** Milliseconds; messages that were sent and answered within the counted time. */
export interface Echoes {
  p50: number
  p99: number
  most: number
  messages: number
  /** sent but never answered, or answered with something else */
  lost: number
  disconnected: number
  /** of the process that measures */
  cpuSeconds: number
}

/**
 * Sends messages at a fixed pace, evenly spread over the connections, whether or not the ones before were answered, and
 * takes the time to each answer. The first answer on each connection is compared byte by byte, the others by length.
 */
export async function pace(
  connections: readonly Connection[],
  { size, hertz, warmUp, seconds }: Pace,
): Promise<Echoes> {
  const payload = randomBytes(size)
  const message = frame(payload, randomBytes(4))
  const answer = frame(payload).length
  const sent = connections.map((): number[] => [])
  const times: number[] = []
  let wrong = 0
  let from = Number.POSITIVE_INFINITY
  connections.forEach((connection, i) => {
    const waiting = sent[i] as number[]
    let due = answer
    const check = frameReader((_opcode, bytes) => {
      if (!bytes.equals(payload)) wrong += 1
    })
    let checked = 0
    connection.onData = (chunk) => {
      if (checked < answer) {
        check(chunk.subarray(0, answer - checked))
        checked += chunk.length
      }
      for (due -= chunk.length; due <= 0; due += answer) {
        const begun = waiting.shift()
        if (begun === undefined) wrong += 1
        else if (begun >= from) times.push(performance.now() - begun)
      }
    }
  })
  const begun = performance.now()
  const usage = process.cpuUsage()
  const end = begun + (warmUp + seconds) * 1000
  const interval = 1000 / hertz / connections.length
  let next = 0
  // a look every millisecond: what is due goes out
  while (performance.now() < end) {
    const now = performance.now()
    if (now >= begun + warmUp * 1000 && from > now) from = now
    for (; begun + next * interval <= now; next += 1) {
      const i = next % connections.length
      const connection = connections[i] as Connection
      if (connection.closed) continue
      ;(sent[i] as number[]).push(performance.now())
      connection.socket.write(message)
    }
    await sleep(1)
  }
  const { user, system } = process.cpuUsage(usage)
  for (let wait = 0; wait < 20 && sent.some((waiting) => waiting.length > 0); wait++) await sleep(100)
  for (const connection of connections) connection.onData = undefined
  times.sort((a, b) => a - b)
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? Number.NaN
  return {
    p50: at(0.5),
    p99: at(0.99),
    most: times.at(-1) ?? Number.NaN,
    messages: times.length,
    lost: wrong + sent.reduce((sum, waiting) => sum + waiting.length, 0),
    disconnected: connections.filter(({ closed }) => closed).length,
    cpuSeconds: (user + system) / 1e6,
  }
}
