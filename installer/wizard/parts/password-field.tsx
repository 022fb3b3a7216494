import { Labelled } from '@sealift/web/parts/field.tsx'
import { useState } from 'react'
import { answerAt } from '../../src/answers/draft.ts'
import { useSession } from '../session/session.ts'
import { type FieldProps, useWords } from './question-field.tsx'

/** A password: typed here, kept in a file on the machine that only its owner reads; or such a file that is there already. */
export function PasswordField(props: FieldProps) {
  const { question, fault, change, commit } = props
  const { draft, upload } = useSession()
  const [typed, setTyped] = useState('')
  const [failed, setFailed] = useState<string>()
  const path = answerAt(draft, question.pointer)
  const { hint: _, fault: said, ...words } = useWords(question, fault)
  const store = async (): Promise<void> => {
    if (typed === '') return
    setFailed(undefined)
    try {
      change(await upload(question.pointer, 'password', new Blob([typed])))
      setTyped('')
      commit()
    } catch (error) {
      setFailed(`it could not be stored: ${(error as Error).message}`)
    }
  }
  return (
    <Labelled
      {...words}
      fault={failed ?? said}
      hint={
        path === undefined
          ? 'It goes into a file on the machine that nobody else can read; the answers name only that file.'
          : `Stored in ${path}`
      }
    >
      {(ties) => (
        <div className="beside">
          <input
            {...ties}
            type="password"
            autoComplete="off"
            value={typed}
            placeholder={path === undefined ? '' : '••••••••'}
            onChange={({ currentTarget }) => setTyped(currentTarget.value)}
            onBlur={() => void store()}
          />
          {path !== undefined && (
            <button
              type="button"
              className="quiet"
              aria-label={`Remove ${question.title}`}
              onClick={() => change(null)}
            >
              Remove
            </button>
          )}
        </div>
      )}
    </Labelled>
  )
}
