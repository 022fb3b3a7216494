import { type FormEvent, type ReactNode, useState } from 'react'
import { Failure } from './failure.tsx'

/** What was typed, by the names of the fields. An `amount` that is left empty is null. */
export type Values = {
  text: (name: string) => string
  number: (name: string) => number
  amount: (name: string) => number | null
  checked: (name: string) => boolean
}

type Props = {
  /** Does it; what it throws is shown in the form. */
  onSubmit: (values: Values) => Promise<unknown>
  /** the label of the button */ submit: string
  look?: 'primary' | 'primary danger' | 'primary wide'
  /** what is said when it is done, where the form stays */ done?: string
  onCancel?: () => void
  cancel?: string
  children?: ReactNode
}

/** A form: sends once at a time, shows what went wrong, empties itself when it went well. */
export function Form({ onSubmit, submit, look = 'primary', done, onCancel, cancel = 'Cancel', children }: Props) {
  const [state, setState] = useState<'idle' | 'busy' | 'done'>('idle')
  const [error, setError] = useState<unknown>()

  const send = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault()
    if (state === 'busy') return
    const form = event.currentTarget
    setState('busy')
    setError(undefined)
    try {
      await onSubmit(valuesOf(new FormData(form)))
      form.reset()
      setState('done')
    } catch (failure) {
      setError(failure)
      setState('idle')
    }
  }

  return (
    <form onSubmit={send}>
      {children}
      <Failure error={error} />
      <div className="buttons">
        {done !== undefined && <output>{state === 'done' ? done : ''}</output>}
        {onCancel !== undefined && (
          <button type="button" className="quiet" onClick={onCancel}>
            {cancel}
          </button>
        )}
        {/* not disabled: that would take the focus away */}
        <button type="submit" className={look} aria-disabled={state === 'busy'}>
          {submit}
        </button>
      </div>
    </form>
  )
}

const valuesOf = (data: FormData): Values => {
  const text = (name: string) => String(data.get(name) ?? '')
  return {
    text,
    number: (name) => Number(text(name)),
    amount: (name) => (text(name) === '' ? null : Number(text(name))),
    checked: (name) => data.has(name),
  }
}
