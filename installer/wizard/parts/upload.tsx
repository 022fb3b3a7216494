import { useRef, useState } from 'react'
import { useSession } from '../session/session.ts'

/** bytes: what the wizard's server takes */
const limit = 1 << 20

type Props = {
  /** what for, read after "Upload" */ name: string
  pointer: string
  onUploaded: (path: string) => void
  /** what is to be said at the field, undefined when all is well */ onFault: (message: string | undefined) => void
}

/** A button that brings a file from this computer to the machine. */
export function Upload({ name, pointer, onUploaded, onFault }: Props) {
  const { upload, editable } = useSession()
  const [busy, setBusy] = useState(false)
  const input = useRef<HTMLInputElement>(null)
  const send = async (file: File | undefined): Promise<void> => {
    if (file === undefined || busy) return
    if (file.size > limit) return onFault(`${file.name} is larger than 1 MiB: it is not the file that is meant here`)
    setBusy(true)
    onFault(undefined)
    try {
      onUploaded(await upload(pointer, file.name, file))
    } catch (error) {
      onFault(`${file.name} could not be uploaded: ${(error as Error).message}`)
    } finally {
      setBusy(false)
      // the same file may be chosen again after it was mended
      if (input.current !== null) input.current.value = ''
    }
  }
  if (!editable) return null
  return (
    <>
      <input
        ref={input}
        type="file"
        hidden
        aria-label={`${name}, a file of this computer`}
        onChange={({ currentTarget }) => void send(currentTarget.files?.[0])}
      />
      <button type="button" aria-disabled={busy} aria-label={`Upload ${name}`} onClick={() => input.current?.click()}>
        {busy ? 'Uploading…' : 'Upload…'}
      </button>
    </>
  )
}
