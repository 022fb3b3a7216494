import { sentence } from '@sealift/web/parts/sentence.ts'
import { type FormEvent, useRef, useState } from 'react'
import { questionsFor } from '../../src/answers/questions.ts'
import { type Page, pages } from '../../src/wizard/view.ts'
import { ErrorSummary } from '../parts/error-summary.tsx'
import { ImportAnswers } from '../parts/import-answers.tsx'
import { Looked } from '../parts/looked.tsx'
import { idOf, QuestionField } from '../parts/question-field.tsx'
import { Serve } from '../parts/serve.tsx'
import { Sizes } from '../parts/sizes.tsx'
import { useSession } from '../session/session.ts'
import { useLooks } from '../session/use-looks.ts'
import { faultAt, faultsOn, looksOf, steps } from '../steps.ts'

/** A page that asks: its questions, what is found where the answers lead, and the way on. */
export function QuestionsPage({ page }: { page: Page }) {
  const session = useSession()
  const { draft, faults, editable, steers, answer, flush, go } = session
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set())
  const [tries, setTries] = useState(0)
  const newest = useRef(session)
  newest.current = session
  const at = pages.indexOf(page)
  const next = pages[at + 1] as Page
  const { waiting, bad, refused, changed, lookAgain, proceed } = useLooks(page, () => go(next))

  const questions = questionsFor(draft).filter((question) => question.page === page)
  const open = faultsOn(page, draft, faults)
  const commit = async (): Promise<void> => {
    const now = await flush()
    if (now !== undefined && faultsOn(page, newest.current.draft, now).length === 0) lookAgain()
  }
  const onward = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    if (!editable || waiting) return
    const now = await flush()
    if (now === undefined) return
    setTries((so) => so + 1)
    if (faultsOn(page, newest.current.draft, now).length === 0) await proceed()
  }
  const shown = (pointer: string) => (tries > 0 || touched.has(pointer) ? faultAt(faults, pointer) : undefined)
  return (
    <form onSubmit={(event) => void onward(event)} noValidate>
      {tries > 0 && open.length > 0 && (
        <ErrorSummary
          attempt={tries}
          title={open.length === 1 ? 'One answer is missing or wrong' : `${open.length} answers are missing or wrong`}
          faults={open.map(({ question, fault }) => ({
            id: idOf(question.pointer),
            label: question.title,
            message: fault.message,
          }))}
        />
      )}
      {refused > 0 && bad.length > 0 && open.length === 0 && (
        <Refused page={page} attempt={refused} bad={bad} onGoOn={() => go(next)} />
      )}
      <fieldset className="questions" disabled={!editable}>
        {questions.map((question) => (
          <QuestionField
            key={question.pointer}
            question={question}
            fault={shown(question.pointer)}
            change={(value) => {
              setTouched((so) => new Set([...so, question.pointer]))
              changed()
              answer(question.pointer, value)
            }}
            commit={() => void commit()}
          />
        ))}
      </fieldset>
      {page === 'sizes' && <Sizes />}
      {page === 'bundle' && editable && <Begin />}
      {looksOf(page, draft).map((look) => (
        <Looked key={look} of={look} />
      ))}
      {page === 'registry' && <Serve />}
      {steers && (
        <div className="buttons onward">
          {at > 0 && (
            <button
              type="button"
              aria-disabled={!editable}
              onClick={() => {
                if (editable) void flush().then(() => go(pages[at - 1] as Page))
              }}
            >
              Back
            </button>
          )}
          {waiting && (
            <button type="button" className="quiet" onClick={() => go(next)}>
              Do not wait
            </button>
          )}
          <button type="submit" className="primary" aria-disabled={!editable || waiting}>
            {waiting ? 'Looking…' : `Continue to ${lower(steps[next].name)}`}
          </button>
        </div>
      )}
    </form>
  )
}

/** Answers of another time, which spare the questions. */
function Begin() {
  return (
    <div className="begin">
      <p className="hint">All of it was answered already, here or at another site? Bring the answers file.</p>
      <ImportAnswers />
    </div>
  )
}

const lower = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1)

type RefusedProps = {
  page: Page
  attempt: number
  bad: ReturnType<typeof useLooks>['bad']
  onGoOn: () => void
}

/** Why what was found keeps one from going on, and what one may do about it. */
function Refused({ page, attempt, bad, onGoOn }: RefusedProps) {
  const { go } = useSession()
  const final = bad.some(({ strict }) => strict)
  const elsewhere = bad.some(({ look }) => look === 'license') && page === 'license'
  return (
    <ErrorSummary attempt={attempt} title={bad.map(({ message }) => sentence(message)).join(' ')} faults={[]}>
      <p>
        {final
          ? 'An installation with this would be refused.'
          : 'An installation will not get past it. You can go on answering and come back.'}
      </p>
      <p className="ways">
        {elsewhere && (
          <button type="button" onClick={() => go('mode')}>
            Change the internet access
          </button>
        )}
        {!final && (
          <button type="button" onClick={onGoOn}>
            Continue anyway
          </button>
        )}
      </p>
    </ErrorSummary>
  )
}
