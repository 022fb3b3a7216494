import { bytes, duration } from '../../src/amounts.ts'
import type { Amount } from '../../src/wizard/view.ts'

/** milliseconds before which a rate says nothing */
const soonest = 1_000

/** How far a stage is, how fast and for how long still: "120 MB of 288 MB · 34.0 MB/s · about 5.0 s left". */
export function pace({ done, total, unit, from, since }: Amount, now: number): string {
  const amount = (count: number) => (unit === 'bytes' ? bytes(count) : String(count))
  const far = `${amount(done)} of ${amount(total)}`
  const passed = now - since
  const perMs = (done - from) / passed
  if (passed < soonest || perMs <= 0 || done >= total) return far
  const left = `about ${duration((total - done) / perMs)} left`
  return unit === 'bytes' ? `${far} · ${bytes(perMs * 1000)}/s · ${left}` : `${far} · ${left}`
}
