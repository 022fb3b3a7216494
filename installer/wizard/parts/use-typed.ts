import { useState } from 'react'

/**
 * Text while it is typed: what the answer says comes back when the field is left, so that no key is taken away under the
 * fingers. `change` gets each state of the text, `commit` is called when the field is left after a change.
 */
export function useTyped(known: string, change: (text: string) => void, commit: () => void) {
  const [typed, setTyped] = useState<string>()
  return {
    value: typed ?? known,
    onChange: ({ currentTarget }: { currentTarget: { value: string } }) => {
      setTyped(currentTarget.value)
      change(currentTarget.value)
    },
    onBlur: () => {
      if (typed !== undefined) commit()
      setTyped(undefined)
    },
  }
}
