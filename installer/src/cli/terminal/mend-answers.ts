import { withAbsolutePaths } from '../../answers/complete.ts'
import { answerAt, setAnswer } from '../../answers/draft.ts'
import { faultOf } from '../../answers/fault.ts'
import { questions, settled } from '../../answers/questions.ts'
import { said } from '../../answers/read.ts'
import type { Mend } from '../../upgrade/site-answers.ts'
import { safe } from '../format.ts'
import type { Ask } from './ask.ts'
import { askQuestion } from './ask-question.ts'

/** Asks for answers that a site does not have, or that no longer hold; each once, for however many releases. */
export function mendAnswers(ask: Ask, signal: AbortSignal): Mend {
  const given = new Map<string, unknown>()
  return async (draft, fault) => {
    const isAbout = (pointer: string) => fault.pointer === pointer || fault.pointer.startsWith(`${pointer}/`)
    const question = questions.findLast(({ pointer }) => isAbout(pointer))
    if (question === undefined) return undefined
    const { pointer, kind } = question
    // of a whole group nobody can say by one word what is wrong in it
    if (kind === 'values' || (kind === 'flag' && pointer !== fault.pointer)) return undefined
    const withGiven = () => withAbsolutePaths(setAnswer(draft, pointer, given.get(pointer)), process.cwd())
    const wrong = () => faultOf(settled(withGiven()), pointer)
    if (given.has(pointer) && wrong() === undefined) return withGiven()
    ask.say(`\nThe site has no answer that holds: ${safe(said(fault))}`)
    const answer = async (value: unknown) => {
      given.set(pointer, value)
      const left = wrong()
      return left && safe(left.fix ? `${left.message}. ${left.fix}` : left.message)
    }
    const asking = { optional: false, current: answerAt(draft, pointer), answer }
    // there is no question before it to go back to
    while (await askQuestion(ask, { ...question, required: true }, asking, signal)) signal.throwIfAborted()
    return withGiven()
  }
}
