import { type ReactNode, useLayoutEffect, useRef } from 'react'

type Props = {
  /** another number puts the focus here again */ attempt: number
  title: string
  faults: readonly { id: string; label: string; message: string }[]
  children?: ReactNode
}

/** What keeps one from going on, with a link to each field; it takes the focus, so that a screen reader reads it. */
export function ErrorSummary({ attempt, title, faults, children }: Props) {
  const box = useRef<HTMLElement>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: each failing try, not each change of the faults
  useLayoutEffect(() => box.current?.focus(), [attempt])
  return (
    <section className="failure" ref={box} tabIndex={-1} aria-label={title}>
      <p className="refusal-message">{title}</p>
      {faults.length > 0 && (
        <ul>
          {faults.map(({ id, label, message }) => (
            <li key={id}>
              <a
                href={`#${id}`}
                onClick={(event) => {
                  event.preventDefault()
                  document.getElementById(id)?.focus()
                }}
              >
                {label}
              </a>
              : {message}
            </li>
          ))}
        </ul>
      )}
      {children}
    </section>
  )
}
