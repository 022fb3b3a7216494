import { useEffect, useState } from 'react'
import { dismiss, type Notice, useNotices } from '../notices.ts'
import { watchNotices } from '../watch-notices.ts'

/** What is about to happen, above every page: in the words of whoever said it, with the time that is left. */
export function Notices() {
  useEffect(watchNotices, [])
  return <NoticeList notices={useNotices().notices} />
}

/** Those of some notices that are not over and that nobody has dismissed. */
export function NoticeList({ notices }: { notices: readonly Notice[] }) {
  const { dismissed } = useNotices()
  const now = useClock(notices.length > 0)
  const close = (id: string): void => {
    dismiss(id)
    // the button that had the focus is gone
    document.getElementById('content')?.focus()
  }
  return (
    <div className="notices" role="status">
      {notices
        .filter(({ id, ends }) => ends > now && !dismissed.includes(id))
        .map(({ id, says, starts, ends }) => (
          <p key={id} className="notice">
            <span>
              {says} {/* not read aloud each minute */}
              <span className="notice-time" role="timer">
                {timeLeft(starts, ends, now)}
              </span>
            </span>
            <button type="button" className="quiet" aria-label={`Dismiss: ${says}`} onClick={() => close(id)}>
              Dismiss
            </button>
          </p>
        ))}
    </div>
  )
}

/** The time in milliseconds, a new one each second while it is shown. */
function useClock(shown: boolean): number {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    if (!shown) return
    setNow(Date.now())
    const timer = setInterval(() => setNow(Date.now()), 1_000)
    return () => clearInterval(timer)
  }, [shown])
  return now
}

const minute = 60_000

/** How long until it begins or, after that, until when it lasts; all in milliseconds. */
export function timeLeft(starts: number, ends: number, now: number): string {
  const left = starts - now
  if (left <= 0) return `Under way until about ${clock(ends, now)}.`
  const words =
    left <= minute
      ? `${Math.ceil(left / 1000)} s`
      : left < 120 * minute
        ? `${Math.ceil(left / minute)} min`
        : `${Math.round(left / minute / 60)} hours`
  return `Begins in ${words}, at ${clock(starts, now)}.`
}

/** The time of day, with the date where that is not today's. */
function clock(time: number, now: number): string {
  const date = new Date(time)
  const hours = date.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })
  return date.toDateString() === new Date(now).toDateString() ? hours : `${hours} on ${date.toLocaleDateString()}`
}
