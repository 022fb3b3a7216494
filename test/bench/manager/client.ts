/** The process that calls replicas with autocannon: its directory is the first argument, its work comes as messages. */
export interface Call {
  path: string
  method?: 'GET' | 'POST'
  headers?: Record<string, string>
  body?: string
}

export interface Volley {
  /** one for each replica; the connections are shared out evenly */
  urls: string[]
  connections: number
  seconds: number
  /** each connection goes through all of them, again and again */
  calls: Call[]
  /** calls in all, where time is not what ends it */
  amount?: number
  /** calls in a second over all connections; without it, as many as go */
  rate?: number
}

/** Milliseconds; failed are answers other than 2xx, and none. */
export interface Hits {
  rate: number
  p50: number
  p99: number
  failed: number
  bytes: number
  /** of the process that calls */
  cpuSeconds: number
}

interface Outcome {
  duration: number
  errors: number
  non2xx: number
  '2xx': number
  throughput: { total: number }
}
type Autocannon = (options: object) => Promise<Outcome> & {
  on(event: 'response', listener: (client: unknown, status: number, bytes: number, milliseconds: number) => void): void
}

const { default: autocannon } = (await import(process.argv[2] as string)) as { default: Autocannon }

async function fire({ urls, connections, seconds, calls, amount, rate }: Volley): Promise<Hits> {
  const times: number[] = []
  const usage = process.cpuUsage()
  const outcomes = await Promise.all(
    urls.map((url) => {
      const pace = rate === undefined ? {} : { overallRate: rate / urls.length }
      const share = { url, connections: connections / urls.length, requests: calls, timeout: 30, ...pace }
      const limit = amount === undefined ? { duration: seconds } : { amount: Math.ceil(amount / urls.length) }
      const running = autocannon({ ...share, ...limit })
      running.on('response', (_client, _status, _bytes, milliseconds) => times.push(milliseconds))
      return running
    }),
  )
  const { user, system } = process.cpuUsage(usage)
  times.sort((a, b) => a - b)
  const sum = (of: (outcome: Outcome) => number) => outcomes.reduce((total, outcome) => total + of(outcome), 0)
  return {
    rate: sum((outcome) => outcome['2xx'] / outcome.duration),
    p50: times[Math.floor(times.length * 0.5)] ?? Number.NaN,
    p99: times[Math.floor(times.length * 0.99)] ?? Number.NaN,
    failed: sum(({ errors, non2xx }) => errors + non2xx),
    bytes: sum(({ throughput }) => throughput.total) / times.length,
    cpuSeconds: (user + system) / 1e6,
  }
}

process.on('message', (volley: Volley) => {
  fire(volley).then(
    (hits) => process.send?.({ hits }),
    (error: Error) => process.send?.({ error: error.message }),
  )
})
process.on('disconnect', () => process.exit())
