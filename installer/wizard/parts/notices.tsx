import { api } from '../api.ts'
import { useSession } from '../session/session.ts'

/** Who steers, where it is somebody else, and whether the machine can be reached. */
export function Notices() {
  const { view, steers, connected, attempt } = useSession()
  const { faces, steering } = view
  const other = faces.find(({ id }) => id === steering)
  const over = view.phase === 'done'
  return (
    <div aria-live="polite">
      {!connected && (
        <p className="notice">
          The machine does not answer. Nothing is lost: what was answered is kept there, and an installation goes on.
          This page comes back by itself; where the wizard was ended, run <code>sealift install</code> again.
        </p>
      )}
      {connected && !steers && !over && (
        <div className="notice watching">
          <p>
            {other === undefined
              ? 'Nobody steers this installation now. You see how it stands.'
              : `${capital(other.label)} steers this installation. You see all that happens there, and cannot change anything.`}
          </p>
          {other === undefined && (
            <button type="button" onClick={() => void attempt(api.steer)}>
              Take over
            </button>
          )}
        </div>
      )}
    </div>
  )
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
