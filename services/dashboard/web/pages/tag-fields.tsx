import { Field } from '@sealift/web/parts/field.tsx'
import type { Values } from '@sealift/web/parts/form.tsx'

/** A tag of an image, and the digest that it means if it should mean the same bytes for ever. */
export function TagFields() {
  return (
    <>
      <Field
        label="Tag"
        name="tag"
        required
        autoComplete="off"
        spellCheck={false}
        pattern="[A-Za-z0-9_][A-Za-z0-9_.\-]{0,127}"
      />
      <Field
        label="Digest, if it is to stay the same"
        name="digest"
        autoComplete="off"
        spellCheck={false}
        pattern="sha256:[0-9a-f]{64}"
        hint="sha256: and 64 digits"
      />
    </>
  )
}

/** The tag that was typed. */
export function tagOf({ text }: Values): { tag: string; digest?: string } {
  return { tag: text('tag'), ...(text('digest') === '' ? {} : { digest: text('digest') }) }
}
