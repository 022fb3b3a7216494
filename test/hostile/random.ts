/** Pseudo-random choices that a seed repeats. */
export interface Random {
  /** a whole number from 0 to below `n` */
  below(n: number): number
  of<T>(choices: readonly T[]): T
  /** between `least` and `most` of what `make` gives */
  several<T>(least: number, most: number, make: () => T): T[]
  /** any bytes */
  bytes(length: number): Buffer
}

/** mulberry32 by Tommy Ettinger (public domain): small, and good enough to choose test cases. */
export function seeded(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (n: number): number => Math.floor(next() * n)
  const several = <T>(least: number, most: number, make: () => T): T[] =>
    Array.from({ length: least + below(most - least + 1) }, make)
  return {
    below,
    of: (choices) => choices[below(choices.length)] as never,
    several,
    bytes: (length) => Buffer.from(Array.from({ length }, () => below(256))),
  }
}

/**
 * Runs `attempt` with one pseudo-random source after the other, the same ones each time; PROPERTY_SEED in the environment
 * makes others, and repeats what failed first.
 */
export async function fuzz(times: number, attempt: (random: Random) => Promise<void>): Promise<void> {
  const first = Number(process.env.PROPERTY_SEED ?? '1')
  for (let seed = first; seed < first + times; seed += 1)
    await attempt(seeded(seed)).catch((cause: Error) => {
      throw new Error(`PROPERTY_SEED=${seed} fails: ${cause.message}`, { cause })
    })
}
