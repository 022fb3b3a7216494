import { useCallback, useEffect, useMemo, useState } from 'react'
import type { View } from '../src/wizard/view.ts'
import { api } from './api.ts'
import { Frame } from './frame.tsx'
import { Closed, Outside } from './pages/outside.tsx'
import { type Session, SessionContext } from './session/session.ts'
import { useAnswers } from './session/use-answers.ts'
import { usePages } from './session/use-pages.ts'
import { useView } from './session/use-view.ts'

/** The whole wizard: enters the installation's session, then shows the page where it stands. */
export function Wizard() {
  const entry = useView()
  if (entry.state === 'asking') return <p className="waiting" aria-live="polite" />
  if (entry.state === 'out') return <Outside error={entry.error} />
  return <Inside {...entry} />
}

function Inside({ face, view, connected }: { face: string; view: View; connected: boolean }) {
  const { draft, faults, answer, flush, error: unsent } = useAnswers(view)
  const [error, setError] = useState<unknown>()
  const [closed, setClosed] = useState(false)
  const steers = view.steering === face
  const attempt = useCallback(async (does: () => Promise<unknown>): Promise<void> => {
    try {
      await does()
      setError(undefined)
    } catch (failure) {
      setError(failure)
    }
  }, [])
  const go = usePages({ view, steers, attempt })
  // biome-ignore lint/correctness/useExhaustiveDependencies: what went wrong on one page says nothing on another
  useEffect(() => setError(undefined), [view.page, view.phase])
  const session = useMemo(
    (): Session => ({
      face,
      view,
      draft,
      faults,
      connected,
      steers,
      editable: steers && connected && (view.phase === 'asking' || view.phase === 'failed'),
      answer,
      flush,
      upload: async (pointer, name, bytes) => (await api.upload(pointer, name, bytes)).path,
      go,
      look: (look) => void attempt(() => api.look(look)),
      close: () => api.close().then(() => setClosed(true)),
      attempt,
    }),
    [face, view, draft, faults, connected, steers, answer, flush, go, attempt],
  )
  if (closed) return <Closed url={view.result?.url} />
  return (
    <SessionContext value={session}>
      <Frame error={error ?? unsent} />
    </SessionContext>
  )
}
