/** How many connections may wait for their login: MaxStartups, PerSourceMaxStartups and LoginGraceTime of sshd_config(5). */
export interface StartupLimits {
  /** from so many on, each newcomer costs one that waits its place with the probability `rate`, which grows to 1 at `full` */
  start: number
  rate: number
  full: number
  /** of one source */
  perSource: number
  /** time to log in from the accept on, in milliseconds */
  loginMs: number
}

/** Connections that have not logged in yet. */
export interface Startups {
  /** Counts one in; `drop` is called if it has to go again before it has left. Returns how it leaves. */
  enter(source: string, drop: () => void): () => void
  readonly waiting: number
}

/**
 * Never more than `full` wait, and a newcomer always gets in. OpenSSH turns the newcomer away, so that whoever sits in
 * every place locks all others out; here the one goes that has waited longest, of the source that has the most who wait
 * (drawn at random among several): a login takes a second, sitting does not.
 */
export function createStartups(limits: Omit<StartupLimits, 'loginMs'>, random = Math.random): Startups {
  const { start, rate, full, perSource } = limits
  /** how to drop those who wait, by source, oldest first */
  const sources = new Map<string, Set<() => void>>()
  let waiting = 0

  const leave = (source: string, drop: () => void): boolean => {
    const own = sources.get(source)
    if (!own?.delete(drop)) return false
    waiting -= 1
    if (own.size === 0) sources.delete(source)
    return true
  }
  const dropOldest = (source: string): void => {
    const [oldest] = sources.get(source) ?? []
    if (oldest && leave(source, oldest)) oldest()
  }
  /** drop_connection() of OpenSSH's sshd.c */
  const isPressed = (): boolean => {
    if (waiting < start) return false
    return waiting >= full || random() < rate + ((1 - rate) * (waiting - start)) / (full - start)
  }
  const heaviest = (): string => {
    const most = Math.max(...[...sources.values()].map(({ size }) => size))
    const those = [...sources].filter(([, { size }]) => size === most).map(([source]) => source)
    return those[Math.floor(random() * those.length)] ?? ''
  }

  return {
    enter(source, drop) {
      if ((sources.get(source)?.size ?? 0) >= perSource) dropOldest(source)
      else if (isPressed()) dropOldest(heaviest())
      const own = sources.get(source) ?? new Set()
      sources.set(source, own.add(drop))
      waiting += 1
      return () => void leave(source, drop)
    },
    get waiting() {
      return waiting
    },
  }
}
