import { answerAt } from '../../src/answers/draft.ts'
import { useSession } from '../session/session.ts'
import { type FieldProps, useWords } from './question-field.tsx'

/** One of a few words, each with what it means. */
export function Options({ question, fault, change, commit }: FieldProps) {
  const { draft } = useSession()
  const { pointer, choices = [], default: preset } = question
  const { id, label, hint, fault: said } = useWords(question, fault)
  const chosen = answerAt(draft, pointer) ?? preset
  return (
    <fieldset
      className="options"
      aria-describedby={`${id}-hint${said === undefined ? '' : ` ${id}-fault`}`}
      aria-invalid={said === undefined ? undefined : true}
    >
      <legend>{label}</legend>
      <p className="hint" id={`${id}-hint`}>
        {hint}
      </p>
      {choices.map(({ value, title }, index) => {
        const [word, ...meaning] = title.split(': ')
        return (
          <label key={value} className="option">
            <input
              id={index === 0 ? id : undefined}
              type="radio"
              name={id}
              value={value}
              checked={chosen === value}
              onChange={() => {
                change(value)
                commit()
              }}
            />
            <span>
              <strong>{word}</strong>
              {meaning.length > 0 && <span className="meaning">{meaning.join(': ')}</span>}
            </span>
          </label>
        )
      })}
      {said !== undefined && (
        <p className="fault" id={`${id}-fault`}>
          {said}
        </p>
      )}
    </fieldset>
  )
}
