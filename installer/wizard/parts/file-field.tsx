import { Labelled } from '@sealift/web/parts/field.tsx'
import { useState } from 'react'
import { answerAt } from '../../src/answers/draft.ts'
import { useSession } from '../session/session.ts'
import { type FieldProps, useWords } from './question-field.tsx'
import { Upload } from './upload.tsx'
import { useTyped } from './use-typed.ts'

/** A file: a path on the machine, or one of this computer that is brought there. The bundle is only ever on the machine. */
export function FileField({ question, fault, change, commit }: FieldProps) {
  const { draft } = useSession()
  const [failed, setFailed] = useState<string>()
  const { pointer, title } = question
  const send = (text: string): void => {
    setFailed(undefined)
    change(text.trim() || null)
  }
  const typed = useTyped(String(answerAt(draft, pointer) ?? ''), send, commit)
  const words = useWords(question, fault)
  return (
    <Labelled {...words} hint={`${words.hint} ${where(pointer)}`} fault={failed ?? words.fault}>
      {(ties) => (
        <div className="beside">
          <input {...ties} {...typed} autoComplete="off" autoCapitalize="none" spellCheck={false} />
          {isUploadable(pointer) && (
            <Upload
              name={title}
              pointer={pointer}
              onFault={setFailed}
              onUploaded={(path) => {
                change(path)
                commit()
              }}
            />
          )}
        </div>
      )}
    </Labelled>
  )
}

/** A bundle is too large to go through a browser. */
const isUploadable = (pointer: string): boolean => pointer !== '/bundle'

const where = (pointer: string): string =>
  `Its path on the machine that runs sealift${isUploadable(pointer) ? ', or upload it from here' : ''}.`
