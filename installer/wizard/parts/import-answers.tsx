import { useRef, useState } from 'react'
import { api } from '../api.ts'
import { useSession } from '../session/session.ts'

/** A button that takes over an answers file, and says so. */
export function ImportAnswers() {
  const { editable, attempt } = useSession()
  const [done, setDone] = useState('')
  const input = useRef<HTMLInputElement>(null)
  const bring = async (file: File | undefined): Promise<void> => {
    if (file === undefined) return
    setDone('')
    await attempt(async () => {
      await api.import(await file.text())
      setDone(`The answers of ${file.name} are taken over.`)
    })
    if (input.current !== null) input.current.value = ''
  }
  return (
    <>
      {editable && (
        <>
          <input
            ref={input}
            type="file"
            hidden
            aria-label="An answers file to import"
            accept=".yaml,.yml"
            onChange={({ currentTarget }) => void bring(currentTarget.files?.[0])}
          />
          <button type="button" onClick={() => input.current?.click()}>
            Import…
          </button>
        </>
      )}
      <output>{done}</output>
    </>
  )
}
