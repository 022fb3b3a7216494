import { passwordCommand } from '../../wizard/first-login.ts'
import { keptServing } from '../../wizard/kept-serving.ts'
import { onceAborted } from '../../wizard/once-aborted.ts'
import { installing } from '../../wizard/work.ts'
import { interruption } from '../signals.ts'
import { terminalFace } from '../terminal/face.ts'
import { openTerminal } from '../terminal/open.ts'
import { chooseSession, type GivenAnswers } from './choose.ts'

export interface TerminalArguments extends GivenAnswers {
  plain: boolean
}

/** Shows the installation on this terminal, until it is done or whoever is asked leaves. */
export async function installInTerminal(args: TerminalArguments): Promise<void> {
  const { stdin: input, stdout: output } = process
  const terminal = await openTerminal({ input, output, type: process.env.TERM, plain: args.plain })
  try {
    const who = { kind: 'terminal', label: `terminal, process ${process.pid}` } as const
    const chosen = await chooseSession(args, who, installing(args.state), terminal.ask.say)
    const [session, end] = 'own' in chosen ? [chosen.own, chosen.end] : [chosen.joined, () => chosen.joined.close()]
    const face = 'own' in chosen ? await session.enter(who) : chosen.face
    const signal = interruption()
    // who watches has nothing to stop
    const forget = onceAborted(signal, () => void ('own' in chosen && session.close()))
    try {
      const view = await terminalFace(face, { ask: terminal.ask, stream: terminal.stream, signal })
      const result = view?.result
      if (result) {
        terminal.ask.say(`version ${result.version} is installed: ${result.url}`)
        terminal.ask.say(`first user: admin; password: ${passwordCommand(result)}`)
        const kept = keptServing(view.draft, view.serving?.at?.pid)
        if (kept) terminal.ask.say(`${kept.words}\n  ${kept.command}`)
      } else terminal.ask.say('what was answered is kept: the same command goes on')
      await face.leave()
    } finally {
      forget()
      await end()
    }
  } finally {
    terminal.close()
  }
}
