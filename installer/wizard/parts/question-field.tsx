import { Choice, Field } from '@sealift/web/parts/field.tsx'
import { answerAt } from '../../src/answers/draft.ts'
import { isOptional, type Question } from '../../src/answers/questions.ts'
import type { Fault } from '../../src/wizard/view.ts'
import { useSession } from '../session/session.ts'
import { FileField } from './file-field.tsx'
import { ListField } from './list-field.tsx'
import { Options } from './options.tsx'
import { PasswordField } from './password-field.tsx'
import { useTyped } from './use-typed.ts'
import { ValuesField } from './values-field.tsx'

export type FieldProps = {
  question: Question
  fault: Fault | undefined
  /** Changes the answer; null removes it. */
  change: (value: unknown) => void
  /** Called when something was answered and the field is left. */
  commit: () => void
}

/** Id of the control of a question, where a list of faults links to. */
export const idOf = (pointer: string): string => `answer${pointer.replaceAll('/', '-')}`

/** What every control of a question is given: label, hint, fault. */
export function useWords(question: Question, fault: Fault | undefined) {
  const { draft, faults } = useSession()
  const { pointer, title, description, kind, default: preset } = question
  const optional = isOptional(question, draft, faults)
  const left = preset === undefined || kind === 'choice' || kind === 'flag' ? '' : ` Left empty: ${preset}.`
  return {
    id: idOf(pointer),
    label: (
      <>
        {title}
        {optional && <span className="optional"> (optional)</span>}
      </>
    ),
    hint: description + left,
    fault: fault === undefined ? undefined : faultText(fault, description),
  }
}

/** What is wrong, and what helps where that is more than the field says anyway. */
const faultText = ({ message, fix }: Fault, description: string): string => {
  const said = fix === undefined || fix === description ? message : `${message}: ${fix}`
  return said.charAt(0).toUpperCase() + said.slice(1)
}

/** One question, drawn from what the schema says of it. */
export function QuestionField(props: FieldProps) {
  switch (props.question.kind) {
    case 'choice':
      return <Options {...props} />
    case 'flag':
      return <Flag {...props} />
    case 'file':
      return <FileField {...props} />
    case 'secret-file':
      return props.question.pointer.endsWith('/passwordFile') ? <PasswordField {...props} /> : <FileField {...props} />
    case 'list':
      return <ListField {...props} />
    case 'values':
      return <ValuesField {...props} />
    default:
      return <Text {...props} />
  }
}

/** A word, a name or a number; a choice, where it was found what there is. */
function Text({ question, fault, change, commit }: FieldProps) {
  const { draft, view } = useSession()
  const { pointer, kind } = question
  const answer = answerAt(draft, pointer)
  const known = answer === undefined ? '' : String(answer)
  const send = (text: string): void => {
    const trimmed = text.trim()
    if (trimmed === '') change(null)
    else change(kind === 'number' && /^\d{1,9}$/.test(trimmed) ? Number(trimmed) : trimmed)
  }
  const typed = useTyped(known, send, commit)
  const words = useWords(question, fault)
  const found = Object.values(view.looks).flatMap((one) => one?.choices?.[pointer] ?? [])
  if (found.length > 0) {
    const all = known === '' || found.includes(known) ? found : [known, ...found]
    return (
      <Choice
        {...words}
        value={known}
        onChange={({ currentTarget }) => {
          change(currentTarget.value === '' ? null : currentTarget.value)
          commit()
        }}
        options={[
          ...(question.required && known !== '' ? [] : [['', 'Not set'] as const]),
          ...all.map((one) => [one, one] as const),
        ]}
      />
    )
  }
  return (
    <Field
      {...words}
      {...typed}
      autoComplete="off"
      autoCapitalize="none"
      spellCheck={false}
      inputMode={kind === 'number' ? 'numeric' : 'text'}
      className={kind === 'number' ? 'narrow' : ''}
    />
  )
}

function Flag({ question, fault, change, commit }: FieldProps) {
  const { draft } = useSession()
  const { pointer, default: preset = false } = question
  const { id, label, hint, fault: said } = useWords(question, fault)
  return (
    <div className="field">
      <label className="check">
        <input
          id={id}
          type="checkbox"
          checked={(answerAt(draft, pointer) ?? preset) === true}
          aria-describedby={`${id}-hint${said === undefined ? '' : ` ${id}-fault`}`}
          onChange={({ currentTarget }) => {
            change(currentTarget.checked ? true : null)
            commit()
          }}
        />
        {label}
      </label>
      {said !== undefined && (
        <p className="fault" id={`${id}-fault`}>
          {said}
        </p>
      )}
      <p className="hint" id={`${id}-hint`}>
        {hint}
      </p>
    </div>
  )
}
