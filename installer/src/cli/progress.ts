import { bytes, duration } from '../amounts.ts'
import { type Waiting, waiting } from '../stores/registry/waiting.ts'
import { safe } from './format.ts'

/** One line on stderr that moves: what, how much, how fast, how long still. */
export interface Progress {
  step(title: string): void
  /** `done` of `total`, in bytes unless said otherwise. */
  update(done: number, total: number, unit?: 'bytes' | 'items'): void
  /** Ends the line. */
  end(): void
}

const interval = 100

/** milliseconds between two lines in a log about one host that is waited for */
const reminder = 30_000

/** the line that tells what is waited for: the newest */
let hearer: ((message: unknown) => void) | undefined

function hear(next: (message: Waiting) => void): void {
  if (hearer) waiting.unsubscribe(hearer)
  hearer = (message) => next(message as Waiting)
  waiting.subscribe(hearer)
}

/** What progress is written to. */
export interface ProgressStream {
  isTTY?: boolean
  columns?: number
  write(text: string): unknown
}

/**
 * Progress for people on a terminal; elsewhere each step is one line, and every 10 s of a step another, so that a log
 * shows that it moves. It also says which host lets the work wait. Says nothing where `quiet`.
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
  const told = new Map<string, number>()
  hear(({ host, text }) => {
    const now = performance.now()
    if (now - (told.get(host) ?? Number.NEGATIVE_INFINITY) < (terminal ? interval : reminder)) return
    told.set(host, now)
    open = terminal
    write(text)
  })
  const write = (text: string) => {
    const line = [title, safe(text)].filter(Boolean).join('  ')
    stream.write(terminal ? `\r\x1b[2K${line.slice(0, (stream.columns ?? 80) - 1)}` : `${line}\n`)
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
      open = terminal
      write(`${amount(done)} of ${amount(total)} (${percent} %)${speed}${left}`)
    },
    end: close,
  }
}
