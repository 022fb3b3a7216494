/** How the demo tells what it does. */
export interface Step {
  /** Names a step, does it, and remembers how long it took. */
  step<T>(title: string, work: () => Promise<T>): Promise<T>
  /** A line within a step. */
  note(line: string): void
  /** whether what the CLI says is let through */
  show: boolean
  /** milliseconds by title */
  times: Record<string, number>
}

export function steps(log: (line: string) => void, show: boolean): Step {
  const times: Record<string, number> = {}
  return {
    times,
    show,
    note: (line) => log(`  ${line}`),
    async step(title, work) {
      log(`\n● ${title}`)
      const start = performance.now()
      const result = await work()
      const ms = Math.round(performance.now() - start)
      times[title] = ms
      log(`  ${title}: ${(ms / 1000).toFixed(1)} s`)
      return result
    },
  }
}
