import { Badge } from '@sealift/web/parts/badge.tsx'
import { RefusalText } from '@sealift/web/parts/failure.tsx'
import { useLayoutEffect, useRef } from 'react'
import { servedIn } from '../../src/wizard/served.ts'
import type { Amount, Serving } from '../../src/wizard/view.ts'
import { api } from '../api.ts'
import { pace } from '../pages/pace.ts'
import { machineTime } from '../session/clock.ts'
import { useSession } from '../session/session.ts'
import { Command } from './command.tsx'
import { Spoken } from './spoken.tsx'

const states = {
  starting: ['busy', 'Starting'],
  serving: ['good', 'Serving'],
  failed: ['bad', 'Not served'],
} as const

/** Serving the bundle from the machine that runs sealift, where the answers ask for that and nothing answers as it should. */
export function Serve() {
  const { view, draft, editable, steers, flush, attempt } = useSession()
  const { serving, looks } = view
  const state = serving?.state
  const box = useRef<HTMLElement>(null)
  const pressed = useRef(false)
  useLayoutEffect(() => {
    if (!pressed.current || (state !== 'serving' && state !== 'failed')) return
    pressed.current = false
    box.current?.focus()
  }, [state])
  if (servedIn(draft) === undefined) return null
  const answers = looks.registry?.state === 'good'
  if (serving === undefined && (answers || !editable)) return null
  const start = (): void => {
    if (state === 'starting') return
    pressed.current = true
    void flush().then((sent) => sent && attempt(api.serve))
  }
  return (
    <section className="looked serve" aria-label="Serving the bundle" ref={box} tabIndex={-1}>
      <div className="title">
        <h2>Serve from this file</h2>
        {state !== undefined && <Badge tone={states[state][0]}>{states[state][1]}</Badge>}
        {editable && !answers && (
          <button type="button" className="primary" aria-disabled={state === 'starting'} onClick={start}>
            Serve from this file
          </button>
        )}
      </div>
      {state !== 'serving' && (
        <p className="hint">
          The machine that runs sealift verifies the whole bundle, then answers at the address above. It goes on when
          this wizard is closed.
        </p>
      )}
      {state === 'starting' && <Starting progress={serving?.progress} />}
      {steers && state === 'starting' && (
        <button type="button" onClick={() => void attempt(api.stop)}>
          Stop
        </button>
      )}
      <div aria-live="polite" aria-busy={state === 'starting'}>
        {serving?.failure !== undefined && (
          <div className="failure">
            <RefusalText of={serving.failure} />
          </div>
        )}
        {serving?.at !== undefined && <Served at={serving.at} />}
      </div>
    </section>
  )
}

/** How far the verification is, which is all that takes time. */
function Starting({ progress }: { progress: Amount | undefined }) {
  return (
    <div className="stage-progress">
      <progress
        aria-label="Verifying the bundle"
        {...(progress === undefined ? {} : { max: progress.total, value: progress.done })}
      />
      <span className="size">{progress === undefined ? 'It begins.' : pace(progress, machineTime())}</span>
      <Spoken text="The bundle is being verified, then it is served." />
    </div>
  )
}

function Served({ at: { registry, ca, pid, log, already } }: { at: NonNullable<Serving['at']> }) {
  return (
    <>
      <p>
        {already
          ? `It is served at ${registry} already, by process ${pid}; nothing was changed.`
          : `Process ${pid} serves it at ${registry}, also when this wizard is closed.`}
      </p>
      <dl className="facts">
        {ca !== undefined && (
          <div>
            <dt>Nodes trust it by</dt>
            <dd>{ca}</dd>
          </div>
        )}
        <div>
          <dt>Its log</dt>
          <dd>{log}</dd>
        </div>
        <div>
          <dt>What ends it</dt>
          <dd>
            <Command text={`kill ${pid}`} name="the command that ends it" />
          </dd>
        </div>
      </dl>
    </>
  )
}
