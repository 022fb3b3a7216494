import { PagePart } from '@sealift/web/parts/page.tsx'
import { useEffect, useState } from 'react'
import { answerAt } from '../../src/answers/draft.ts'
import { pages } from '../../src/wizard/view.ts'
import { answersPath, api } from '../api.ts'
import { ErrorSummary } from '../parts/error-summary.tsx'
import { ImportAnswers } from '../parts/import-answers.tsx'
import { KeepServing } from '../parts/keep-serving.tsx'
import { useSession } from '../session/session.ts'
import { faultsOn, steps } from '../steps.ts'
import { blocks, checkSummary } from './check-order.ts'
import { whatChanges } from './what-changes.ts'

/** The answers as their file, what will change, and the button that begins. */
export function ReviewPage() {
  const { view, draft, faults, steers, editable, attempt, flush, go } = useSession()
  const [tries, setTries] = useState(0)
  const open = pages.flatMap((page) => faultsOn(page, draft, faults).map((one) => ({ page, ...one })))
  const elsewhere = Object.entries(faults).filter(([pointer]) => !open.some(({ question }) => isAt(pointer, question)))
  const failing = view.checks.filter(blocks)
  const ran = view.checks.some(({ state }) => state !== 'waiting')
  const install = async (): Promise<void> => {
    if (!editable) return
    setTries((so) => so + 1)
    if (open.length + elsewhere.length > 0 || (await flush()) === undefined) return
    await attempt(api.install)
  }
  return (
    <>
      {tries > 0 && open.length + elsewhere.length > 0 && (
        <ErrorSummary attempt={tries} title="Something is still missing or wrong" faults={[]}>
          <ul>
            {open.map(({ page, question, fault }) => (
              <li key={question.pointer}>
                <button type="button" className="link" onClick={() => go(page)}>
                  {steps[page].name}: {question.title}
                </button>
                : {fault.message}
              </li>
            ))}
            {elsewhere.map(([pointer, { message }]) => (
              <li key={pointer}>
                <code>{pointer.slice(1).replaceAll('/', '.')}</code>: {message}
              </li>
            ))}
          </ul>
        </ErrorSummary>
      )}
      <p className={failing.length > 0 || !ran ? 'notice' : 'summary'}>
        {ran
          ? `Checks: ${checkSummary(view.checks)}.`
          : 'The checks were not run yet; the installation begins with them.'}
      </p>
      <PagePart title="What will change">
        <dl className="facts">
          {whatChanges(draft).map(({ where, what }) => (
            <div key={`${where} ${what}`}>
              <dt>{where}</dt>
              <dd>{what}</dd>
            </div>
          ))}
        </dl>
      </PagePart>
      {answerAt(draft, '/registry/kind') === 'serve' && (
        <PagePart title="What has to go on">
          <KeepServing />
        </PagePart>
      )}
      <AnswersFile />
      {steers && (
        <div className="buttons onward">
          <button type="button" aria-disabled={!editable} onClick={() => editable && go('checks')}>
            Back
          </button>
          <button type="button" className="primary" aria-disabled={!editable} onClick={() => void install()}>
            Install
          </button>
        </div>
      )}
    </>
  )
}

const isAt = (pointer: string, { pointer: asked }: { pointer: string }): boolean =>
  pointer === asked || pointer.startsWith(`${asked}/`)

/** The answers in the file's own form, to take away or to bring. */
function AnswersFile() {
  const { draft } = useSession().view
  const [text, setText] = useState('')
  // biome-ignore lint/correctness/useExhaustiveDependencies: the file is another one when the answers are
  useEffect(() => {
    const aborted = new AbortController()
    fetch(answersPath, { signal: aborted.signal })
      .then((answer) => (answer.ok ? answer.text() : ''))
      .then(setText, () => {})
    return () => aborted.abort()
  }, [draft])
  return (
    <PagePart
      title="The answers"
      action={
        <div className="ways">
          <a className="button" href={answersPath} download="answers.yaml">
            Export
          </a>
          <ImportAnswers />
        </div>
      }
    >
      <p className="hint">
        With this file the same installation runs without questions:{' '}
        <code>sealift install --headless --answers answers.yaml</code>. It names files with secrets, and holds none.
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and the keyboard must be able to */}
      <section className="yaml" tabIndex={0} aria-label="answers.yaml">
        <pre>{text}</pre>
      </section>
    </PagePart>
  )
}
