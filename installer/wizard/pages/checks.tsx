import { RefusalText } from '@sealift/web/parts/failure.tsx'
import { useState } from 'react'
import type { CheckResult } from '../../src/checks/check.ts'
import { api, reportPaths } from '../api.ts'
import { CheckCard } from '../parts/check-card.tsx'
import { ErrorSummary } from '../parts/error-summary.tsx'
import { useSession } from '../session/session.ts'
import { blocks, checkSummary, isOver, ordered } from './check-order.ts'

/** What was looked at before anything changes: what fails first, each with what helps. */
export function ChecksPage() {
  const { view, steers, editable, attempt, go } = useSession()
  const [tries, setTries] = useState(0)
  const { checks, phase, failure } = view
  const running = phase === 'checking'
  const ran = checks.some(({ state }) => state !== 'waiting')
  const over = checks.filter(isOver).length
  const whole = ran && over === checks.length
  const open = checks.filter(blocks)
  const { shown, fine } = ordered(checks)
  const run = (): void => {
    setTries(0)
    void attempt(api.check)
  }
  const onward = (): void => {
    if (!editable) return
    if (whole && open.length === 0) go('review')
    else setTries((so) => so + 1)
  }
  return (
    <>
      {tries > 0 && (!whole || open.length > 0) && !running && (
        <ErrorSummary
          attempt={tries}
          title={
            whole
              ? `${checkSummary(checks)}: an installation would be refused`
              : 'The checks have not been run to their end'
          }
          faults={open.map(({ id, title, found = '' }) => ({ id: `check-${id}`, label: title, message: found }))}
        />
      )}
      <div className="check-bar">
        <p role="status">
          {running ? 'Looking at everything…' : ran ? checkSummary(checks) : 'Nothing was looked at yet.'}
          {ran && !whole && !running && ' They were stopped before their end.'}
        </p>
        {running && (
          <>
            <progress max={checks.length} value={over} aria-label="Checks that are done" />
            <span className="size" aria-hidden="true">
              {over} of {checks.length}
            </span>
          </>
        )}
        {steers && running && (
          <button type="button" onClick={() => void attempt(api.stop)}>
            Stop
          </button>
        )}
        {editable && (
          <button type="button" className={ran ? '' : 'primary'} onClick={run}>
            {ran ? 'Run again' : 'Run the checks'}
          </button>
        )}
      </div>
      {failure !== undefined && !running && (
        <div className="failure">
          <RefusalText of={failure} />
        </div>
      )}
      {shown.length > 0 && (
        <ul className="checks">
          {shown.map((check) => (
            <CheckCard key={check.id} check={check} />
          ))}
        </ul>
      )}
      {fine.length > 0 && <Fine checks={fine} />}
      {whole && (
        <p className="reports">
          The report, for a change request: <a href={reportPaths.html}>a page to print</a>,{' '}
          <a href={reportPaths.json} download>
            JSON
          </a>
        </p>
      )}
      {steers && (
        <div className="buttons onward">
          <button type="button" aria-disabled={!editable} onClick={() => editable && go('sizes')}>
            Back
          </button>
          <button type="button" className={ran ? 'primary' : ''} aria-disabled={!editable} onClick={onward}>
            Continue to review
          </button>
        </div>
      )}
    </>
  )
}

/** What holds, folded away. */
function Fine({ checks }: { checks: readonly CheckResult[] }) {
  return (
    <details className="fine">
      <summary>
        {checks.length} {checks.length === 1 ? 'check holds' : 'checks hold'}
      </summary>
      <ul className="checks">
        {checks.map((check) => (
          <CheckCard key={check.id} check={check} />
        ))}
      </ul>
    </details>
  )
}
