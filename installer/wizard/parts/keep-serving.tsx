import { keptServing } from '../../src/wizard/kept-serving.ts'
import { useSession } from '../session/session.ts'
import { Command } from './command.tsx'

/** What has to serve from now on, and how it does after a restart of the machine; nothing where another registry does. */
export function KeepServing() {
  const { draft, view } = useSession()
  const kept = keptServing(draft, view.serving?.at?.pid)
  if (kept === undefined) return null
  return (
    <>
      {kept.words}
      <Command text={kept.command} name="the command that makes it a service" />
    </>
  )
}
