import { type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes, useId } from 'react'

type Words = { label: string; hint?: string }
type Ties = { id: string; 'aria-describedby'?: string }

/** An input with its label and, if any, a hint that screen readers read with it. */
export function Field({ label, hint, ...input }: InputHTMLAttributes<HTMLInputElement> & Words) {
  return (
    <Labelled label={label} hint={hint}>
      {(ties) => <input {...ties} {...input} />}
    </Labelled>
  )
}

type Options = { options: readonly (readonly [value: string | number, label: string])[] }

/** One of several values. */
export function Choice({ label, hint, options, ...select }: SelectHTMLAttributes<HTMLSelectElement> & Words & Options) {
  return (
    <Labelled label={label} hint={hint}>
      {(ties) => (
        <select {...ties} {...select}>
          {options.map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Labelled>
  )
}

function Labelled({
  label,
  hint,
  children,
}: {
  label: string
  hint: string | undefined
  children: (ties: Ties) => ReactNode
}) {
  const id = useId()
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({ id, ...(hint === undefined ? {} : { 'aria-describedby': `${id}-hint` }) })}
      {hint !== undefined && (
        <p className="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  )
}
