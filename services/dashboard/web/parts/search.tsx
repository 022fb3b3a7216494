import { useRef } from 'react'

/** Milliseconds without another key until what was typed is looked for. */
const pause = 250

type Props = { label: string /** told a part of a name; empty: all again */; onSearch: (name: string) => void }

/** Finds objects of a list by a part of their name, on the server: the page may not have them all. */
export function Search({ label, onSearch }: Props) {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  return (
    <input
      type="search"
      className="search"
      aria-label={label}
      placeholder={label}
      maxLength={64}
      onChange={(event) => {
        const name = event.currentTarget.value.trim()
        clearTimeout(timer.current)
        timer.current = setTimeout(() => onSearch(name), pause)
      }}
    />
  )
}
