import { Confirm } from '@sealift/web/parts/confirm.tsx'
import { RefusalText } from '@sealift/web/parts/failure.tsx'
import { useLayoutEffect, useRef, useState } from 'react'
import { api } from '../api.ts'
import { LogDrawer } from '../parts/log-drawer.tsx'
import { Spoken } from '../parts/spoken.tsx'
import { StageList } from '../parts/stage-list.tsx'
import { useSession } from '../session/session.ts'

/** The installation while it runs, and where it stopped. */
export function ProgressPage() {
  const { view, steers, editable, attempt, go } = useSession()
  const { phase, failure, stages } = view
  const at = stages.findIndex(({ state }) => state === 'running')
  const over = stages.filter(({ state }) => state === 'done' || state === 'skipped').length
  const running = stages[at]
  return (
    <>
      {phase === 'installing' && (
        <div className="overall">
          <p>{running === undefined ? 'It begins.' : `Stage ${at + 1} of ${stages.length}: ${running.title}`}</p>
          <progress max={Math.max(stages.length, 1)} value={over} aria-label="Stages that are done" />
        </div>
      )}
      <Spoken text={running === undefined ? '' : `Stage ${at + 1} of ${stages.length}: ${running.title}`} />
      {phase === 'failed' && failure !== undefined && <Stopped />}
      <StageList stages={stages} />
      <LogDrawer lines={view.log} />
      {steers && phase === 'installing' && <Stop />}
      {steers && phase === 'failed' && (
        <div className="buttons onward">
          <button type="button" aria-disabled={!editable} onClick={() => editable && go('review')}>
            Change answers
          </button>
          <button
            type="button"
            className="primary"
            aria-disabled={!editable}
            onClick={() => editable && void attempt(api.install)}
          >
            Go on
          </button>
        </div>
      )}
    </>
  )
}

/** Why it stopped; what was done stays done. */
function Stopped() {
  const { failure } = useSession().view
  const box = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => box.current?.focus(), [])
  return (
    <div className="failure" role="alert" ref={box} tabIndex={-1}>
      {failure !== undefined && <RefusalText of={failure} />}
      <p>What is done stays done: “Go on” begins where it stopped.</p>
    </div>
  )
}

function Stop() {
  const [asking, setAsking] = useState(false)
  return (
    <div className="buttons onward">
      <button type="button" className="quiet danger" onClick={() => setAsking(true)}>
        Stop…
      </button>
      {asking && (
        <Confirm title="Stop the installation?" submit="Stop it" onClose={() => setAsking(false)} onConfirm={api.stop}>
          <p>It ends in order, as with Ctrl+C. What is done stays, and it can go on from there later.</p>
        </Confirm>
      )}
    </div>
  )
}
