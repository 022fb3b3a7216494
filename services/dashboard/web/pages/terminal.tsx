import { useEffect, useLayoutEffect, useRef, useState } from 'react'
import { api } from '../api.ts'
import { useNotices } from '../notices.ts'
import { Link } from '../parts/link.tsx'
import { NoticeList } from '../parts/notices.tsx'
import type { ShellState } from '../terminal/shell-connection.ts'
import { useTerminal } from '../terminal/use-terminal.ts'

/** A terminal in a workspace. */
export function TerminalPage({ workspace }: { workspace: string }) {
  const place = useRef<HTMLDivElement>(null)
  const back = useRef<HTMLDivElement>(null)
  const reconnect = useRef<HTMLButtonElement>(null)
  const [name, setName] = useState<string>()
  const { state, notices, connect } = useTerminal(workspace, place, () => back.current?.querySelector('a')?.focus())
  // what the manager says stands above every page already
  const { notices: above } = useNotices()
  const others = notices.filter(({ id }) => !above.some((notice) => notice.id === id))

  useEffect(() => {
    api.workspace(workspace).then(
      (one) => setName(one.name),
      () => undefined,
    )
  }, [workspace])
  const over = state.name === 'lost' || state.name === 'ended'
  useLayoutEffect(() => {
    if (over) reconnect.current?.focus()
  }, [over])

  return (
    <section className="terminal" aria-label={`Terminal of ${name ?? 'the workspace'}`}>
      <div className="terminal-bar" ref={back}>
        <Link href="/">
          <span aria-hidden="true">←</span> Workspaces
        </Link>
        <h1>{name ?? ' '}</h1>
        <span className="terminal-state" role="status">
          {words(state)}
        </span>
        <span className="terminal-hint">Shift+Esc leaves the terminal</span>
      </div>
      <NoticeList notices={others} />
      <div className="terminal-place">
        <div className="terminal-screen" ref={place} />
        {over && (
          <div className="terminal-over" role="alertdialog" aria-labelledby="terminal-over-title">
            <h2 id="terminal-over-title">{state.name === 'lost' ? 'Connection lost' : 'The shell has ended'}</h2>
            <p>{state.name === 'lost' ? state.reason : `It ended with code ${state.code}.`}</p>
            <button type="button" className="primary" ref={reconnect} onClick={connect}>
              {state.name === 'lost' ? 'Reconnect' : 'Start a new shell'}
            </button>
          </div>
        )}
      </div>
    </section>
  )
}

function words(state: ShellState): string {
  if (state.name === 'connecting') return 'Connecting…'
  if (state.name === 'connected') return 'Connected'
  return state.name === 'lost' ? 'Disconnected' : 'Ended'
}
