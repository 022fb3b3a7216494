import { type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes, useId } from 'react'

export type Words = {
  label: ReactNode
  hint?: ReactNode
  /** what is wrong with what was typed */ fault?: ReactNode
}
type Ties = { id: string; 'aria-describedby'?: string; 'aria-invalid'?: true }

/** An input with its label and, if any, a hint and a fault that screen readers read with it. */
export function Field({ label, hint, fault, ...input }: InputHTMLAttributes<HTMLInputElement> & Words) {
  return (
    <Labelled label={label} hint={hint} fault={fault} id={input.id}>
      {(ties) => <input {...input} {...ties} />}
    </Labelled>
  )
}

type Options = { options: readonly (readonly [value: string | number, label: string])[] }

/** One of several values. */
export function Choice({
  label,
  hint,
  fault,
  options,
  ...select
}: SelectHTMLAttributes<HTMLSelectElement> & Words & Options) {
  return (
    <Labelled label={label} hint={hint} fault={fault} id={select.id}>
      {(ties) => (
        <select {...select} {...ties}>
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

/** A label, what it stands for, a hint and a fault, tied together. `id` is that of the control, where others link to it. */
export function Labelled({
  label,
  hint,
  fault,
  id: given,
  children,
}: Words & { id?: string | undefined; children: (ties: Ties) => ReactNode }) {
  const own = useId()
  const id = given ?? own
  const described = [fault !== undefined && `${id}-fault`, hint !== undefined && `${id}-hint`].filter(Boolean).join(' ')
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({
        id,
        ...(described === '' ? {} : { 'aria-describedby': described }),
        ...(fault === undefined ? {} : { 'aria-invalid': true }),
      })}
      {fault !== undefined && (
        <p className="fault" id={`${id}-fault`}>
          {fault}
        </p>
      )}
      {hint !== undefined && (
        <p className="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  )
}
