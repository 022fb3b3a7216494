import { useRef, useState } from 'react'

/** Text to take elsewhere, mostly a command, with a button that copies it. `name` says what it is. */
export function Command({ text, name = 'command' }: { text: string; name?: string }) {
  const [said, setSaid] = useState('')
  const code = useRef<HTMLElement>(null)
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text)
      setSaid('Copied')
    } catch {
      // no right to the clipboard: with the text selected, Ctrl+C does it
      if (code.current !== null) getSelection()?.selectAllChildren(code.current)
      setSaid('Press Ctrl+C')
    }
  }
  return (
    <div className="command">
      <code ref={code}>{text}</code>
      <button type="button" aria-label={`Copy ${name}`} onClick={() => void copy()}>
        Copy
      </button>
      <span role="status" className="size">
        {said}
      </span>
    </div>
  )
}
