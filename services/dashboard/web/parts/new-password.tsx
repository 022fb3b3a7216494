import { Field } from '@sealift/web/parts/field.tsx'

/** Asks for a password that is set, within the bounds of the manager. */
export function NewPassword({ label, hint }: { label: string; hint: string }) {
  return (
    <Field
      label={label}
      name="password"
      type="password"
      required
      minLength={10}
      maxLength={256}
      autoComplete="new-password"
      hint={`10 characters or more${hint}`}
    />
  )
}
