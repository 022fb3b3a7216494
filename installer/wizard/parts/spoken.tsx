import { useEffect, useState } from 'react'

/** milliseconds that a text must stand before it is said: stages that pass in a moment are not worth a word */
const patience = 1_500

/** Says a text to screen readers once it has stood for a while, so that quick changes don't chatter. */
export function Spoken({ text }: { text: string }) {
  const [said, setSaid] = useState('')
  useEffect(() => {
    const timer = setTimeout(() => setSaid(text), patience)
    return () => clearTimeout(timer)
  }, [text])
  return (
    <p role="status" className="unseen">
      {said}
    </p>
  )
}
