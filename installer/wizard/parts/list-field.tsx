import { Labelled } from '@sealift/web/parts/field.tsx'
import { useState } from 'react'
import { answerAt } from '../../src/answers/draft.ts'
import { useSession } from '../session/session.ts'
import { type FieldProps, useWords } from './question-field.tsx'
import { Upload } from './upload.tsx'
import { useTyped } from './use-typed.ts'

/** Several words or files, one a line. */
export function ListField({ question, fault, change, commit }: FieldProps) {
  const { draft } = useSession()
  const [failed, setFailed] = useState<string>()
  const { pointer, title, items } = question
  const answer = answerAt(draft, pointer)
  const lines = Array.isArray(answer) ? answer.map(String) : answer === undefined ? [] : [String(answer)]
  const send = (text: string): void => {
    const next = text.split('\n').map((line) => line.trim())
    change(next.some((line) => line !== '') ? next.filter((line) => line !== '') : null)
  }
  const typed = useTyped(lines.join('\n'), send, commit)
  const words = useWords(question, fault)
  return (
    <Labelled
      {...words}
      hint={`${words.hint} One a line${items === 'file' ? ', or upload them from here' : ''}.`}
      fault={failed ?? words.fault}
    >
      {(ties) => (
        <div className="beside">
          <textarea
            {...ties}
            {...typed}
            rows={Math.max(2, lines.length)}
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
          />
          {items === 'file' && (
            <Upload
              name={title}
              pointer={pointer}
              onFault={setFailed}
              onUploaded={(path) => {
                change([...lines.filter((line) => line !== path), path])
                commit()
              }}
            />
          )}
        </div>
      )}
    </Labelled>
  )
}
