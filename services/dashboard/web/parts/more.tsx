import { type FocusEvent, type KeyboardEvent, useId, useRef, useState } from 'react'

type Action = { word: string; onChoose: () => void; danger?: boolean }

/** A button that shows further ones below it; Escape and leaving close them again. */
export function More({ of, actions }: { of: string; actions: readonly Action[] }) {
  const [open, setOpen] = useState(false)
  const button = useRef<HTMLButtonElement>(null)
  const panel = useId()
  const shut = (): void => {
    setOpen(false)
    button.current?.focus()
  }
  const left = ({ currentTarget, relatedTarget }: FocusEvent): void => {
    if (!currentTarget.contains(relatedTarget)) setOpen(false)
  }
  const pressed = ({ key }: KeyboardEvent): void => {
    if (key === 'Escape' && open) shut()
  }
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only hears what its buttons do
    <div className="more" onBlur={left} onKeyDown={pressed}>
      <button
        type="button"
        className="quiet"
        ref={button}
        aria-label={`More for ${of}`}
        aria-expanded={open}
        aria-controls={panel}
        onClick={() => setOpen(!open)}
      >
        More
      </button>
      {/* takes the focus itself where clicked buttons do not, so that it stays open */}
      <div className="more-panel" id={panel} hidden={!open} tabIndex={-1}>
        {actions.map(({ word, danger = false, onChoose }) => (
          <button
            key={word}
            type="button"
            className={danger ? 'quiet danger' : 'quiet'}
            aria-label={`${word} ${of}`}
            onClick={() => {
              shut()
              onChoose()
            }}
          >
            {word}
          </button>
        ))}
      </div>
    </div>
  )
}
