import { counted } from '../../amounts.ts'
import { openSessions } from '../../cluster/open-sessions.ts'
import type { StatusContext } from '../context.ts'
import { passed, type StatusLine, unknown } from '../line.ts'

const subject = { id: 'sessions', title: 'Sessions' }

/** How many people are at work: what an upgrade would not cut, and an uninstallation would. */
export async function sessionLines({ cluster, namespace }: StatusContext): Promise<StatusLine[]> {
  const count = await openSessions(cluster, namespace)
  if (count === undefined) return [unknown(subject, 'the envproxies do not say it to this machine')]
  return [
    passed(subject, `${counted(count, 'terminal, editor or SSH session', 'terminals, editors and SSH sessions')} open`),
  ]
}
