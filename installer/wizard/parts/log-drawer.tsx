import { useEffect, useRef } from 'react'
import type { LogLine } from '../../src/wizard/view.ts'

/** What the stages tell, folded away; opened, it follows the newest line until one scrolls up. */
export function LogDrawer({ lines }: { lines: readonly LogLine[] }) {
  const box = useRef<HTMLDivElement>(null)
  const follows = useRef(true)
  // biome-ignore lint/correctness/useExhaustiveDependencies: whenever there is a new line
  useEffect(() => {
    const element = box.current
    if (element !== null && follows.current) element.scrollTop = element.scrollHeight
  }, [lines])
  const warnings = lines.filter(({ level }) => level === 'warn').length
  return (
    <details
      className="log"
      onToggle={() => {
        if (box.current !== null) box.current.scrollTop = box.current.scrollHeight
      }}
    >
      <summary>
        Log, {lines.length} {lines.length === 1 ? 'line' : 'lines'}
        {warnings > 0 && `, ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`}
      </summary>
      <div
        className="log-lines"
        ref={box}
        role="log"
        aria-live="off"
        aria-label="Log"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and the keyboard must be able to
        tabIndex={0}
        onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
          follows.current = scrollHeight - scrollTop - clientHeight < 8
        }}
      >
        {lines.map(({ at, stage, level, message }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines have no other name, and none moves
          <p key={index} className={`log-${level}`}>
            <time dateTime={new Date(at).toISOString()}>{new Date(at).toTimeString().slice(0, 8)}</time>
            <span className="log-stage">{stage}</span>
            <span>
              {level === 'warn' && <strong>Warning: </strong>}
              {message}
            </span>
          </p>
        ))}
      </div>
    </details>
  )
}
