import { Labelled } from '@sealift/web/parts/field.tsx'
import { useState } from 'react'
import { parse, stringify } from 'yaml'
import { answerAt, isGroup } from '../../src/answers/draft.ts'
import { useSession } from '../session/session.ts'
import { type FieldProps, useWords } from './question-field.tsx'
import { useTyped } from './use-typed.ts'

/** Values of the chart, as YAML. What is no YAML yet is not sent. */
export function ValuesField({ question, fault, change, commit }: FieldProps) {
  const { draft } = useSession()
  const [failed, setFailed] = useState<string>()
  const answer = answerAt(draft, question.pointer)
  const send = (text: string): void => {
    try {
      const value: unknown = text.trim() === '' ? null : parse(text, { maxAliasCount: 0 })
      if (value !== null && !isGroup(value)) throw new Error('lines of the form "name: value" are meant')
      setFailed(undefined)
      change(value)
    } catch (error) {
      setFailed((error as Error).message.split('\n')[0])
    }
  }
  const typed = useTyped(answer === undefined ? '' : stringify(answer), send, commit)
  const words = useWords(question, fault)
  return (
    <Labelled {...words} fault={failed ?? words.fault}>
      {(ties) => <textarea {...ties} {...typed} rows={4} spellCheck={false} placeholder="logging: {level: debug}" />}
    </Labelled>
  )
}
