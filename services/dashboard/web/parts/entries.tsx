import type { ReactNode } from 'react'

type Props<T> = {
  of: readonly T[]
  keyOf: (one: T) => string
  nameOf: (one: T) => string
  /** the word on the button of each, "Remove" */ verb: string
  onRemove: (one: T) => void
  /** what stays although others can go */ stays?: (one: T) => boolean
  children: (one: T) => ReactNode
}

/** A short list of things that can be taken away one by one. */
export function Entries<T>({ of, keyOf, nameOf, verb, onRemove, stays, children }: Props<T>) {
  if (of.length === 0) return null
  return (
    <ul className="entries">
      {of.map((one) => (
        <li key={keyOf(one)}>
          <div className="entry">{children(one)}</div>
          {stays?.(one) !== true && (
            <button
              type="button"
              className="quiet danger"
              aria-label={`${verb} ${nameOf(one)}`}
              onClick={() => onRemove(one)}
            >
              {verb}
            </button>
          )}
        </li>
      ))}
    </ul>
  )
}
