import { useId, useState } from 'react'
import { pages } from '../../src/wizard/view.ts'
import { useSession } from '../session/session.ts'
import { faultsOn, pageShown, steps } from '../steps.ts'

/** All steps, where we are, and what is still missing. While answers may be changed each can be gone to. */
export function Stepper() {
  const { view, draft, faults, editable, flush, go } = useSession()
  const [open, setOpen] = useState(false)
  const list = useId()
  const page = pageShown(view)
  const at = pages.indexOf(page)
  return (
    <nav className="steps" aria-label="Steps">
      <button
        type="button"
        className="steps-toggle"
        aria-expanded={open}
        aria-controls={list}
        onClick={() => setOpen(!open)}
      >
        Step {at + 1} of {pages.length}: {steps[page].name}
      </button>
      <ol id={list} className={open ? 'steps-open' : ''}>
        {pages.map((one, index) => {
          const current = one === page ? { 'aria-current': 'step' as const } : {}
          const state = index < at ? (faultsOn(one, draft, faults).length > 0 ? 'open' : 'done') : 'ahead'
          const may = editable && one !== page && one !== 'done' && (one !== 'progress' || view.phase === 'failed')
          const text = (
            <>
              <span className={`step-mark step-${one === page ? 'here' : state}`} aria-hidden="true">
                {state === 'done' ? '✓' : state === 'open' ? '!' : index + 1}
              </span>
              <span>{steps[one].name}</span>
              {state !== 'ahead' && (
                <span className="unseen">{state === 'done' ? ', done' : ', something is missing'}</span>
              )}
            </>
          )
          const leave = (): void => {
            setOpen(false)
            void flush().then(() => go(one))
          }
          return (
            <li key={one}>
              {may ? (
                <button type="button" className="step" onClick={leave} {...current}>
                  {text}
                </button>
              ) : (
                <span className="step" {...current}>
                  {text}
                </span>
              )}
            </li>
          )
        })}
      </ol>
    </nav>
  )
}
