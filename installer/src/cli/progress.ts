import { bytes, duration } from '../amounts.ts'

/** One line on stderr that moves: what, how much, how fast, how long still. */
export interface Progress {
  step(title: string): void
  /** `done` of `total`, in bytes unless said otherwise. */
  update(done: number, total: number, unit?: 'bytes' | 'items'): void
  /** Ends the line. */
  end(): void
}

const interval = 100

/** What progress is written to. */
export interface ProgressStream {
  isTTY?: boolean
  columns?: number
  write(text: string): unknown
}

/**
 * Progress for people on a terminal; elsewhere each step is one line, and every 10 s of a step another, so that a log
 * shows that it moves. Says nothing where `quiet`.
 */
export function progressOn(stream: ProgressStream, quiet: boolean): Progress {
  if (quiet) return { step() {}, update() {}, end() {} }
  const terminal = stream.isTTY === true
  let title = ''
  let start = 0
  let first = 0
  let last = 0
  let open = false
  let ended = false
  const close = () => {
    if (open) stream.write('\n')
    open = false
  }
  return {
    step(next) {
      close()
      title = next
      start = performance.now()
      last = terminal ? 0 : start
      first = 0
      ended = false
      stream.write(terminal ? title : `${title}\n`)
      open = terminal
    },
    update(done, total, unit = 'bytes') {
      const now = performance.now()
      if (first === 0) {
        first = done || 1
        start = now
      }
      if (done < total && now - last < (terminal ? interval : 10_000)) return
      // the end is said once, however often it is reported
      if (done >= total && (ended || (!terminal && now - start < 1000))) return
      ended = done >= total
      last = now
      const seconds = (now - start) / 1000
      const rate = seconds > 0.5 ? (done - first) / seconds : 0
      const left = rate > 0 && done < total ? `, ${duration(((total - done) / rate) * 1000)} left` : ''
      const amount = unit === 'bytes' ? bytes : String
      const percent = total === 0 ? 100 : Math.floor((100 * done) / total)
      const speed = unit === 'bytes' && rate > 0 ? `, ${bytes(rate)}/s` : ''
      const text = `${title}  ${amount(done)} of ${amount(total)} (${percent} %)${speed}${left}`
      open = terminal
      stream.write(terminal ? `\r\x1b[2K${text.slice(0, (stream.columns ?? 80) - 1)}` : `${text}\n`)
    },
    end: close,
  }
}
