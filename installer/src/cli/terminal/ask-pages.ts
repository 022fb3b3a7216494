import { answerAt } from '../../answers/draft.ts'
import { questionPages } from '../../answers/field-kinds.ts'
import { isOptional, type Question, questions, questionsFor } from '../../answers/questions.ts'
import type { Face } from '../../wizard/face.ts'
import { servedIn } from '../../wizard/served.ts'
import type { Look, Page, View } from '../../wizard/view.ts'
import { safe } from '../format.ts'
import { type Back, back } from './ask.ts'
import { askQuestion } from './ask-question.ts'
import type { Asker } from './asker.ts'
import { describeFailure } from './describe-failure.ts'
import type { LiveView } from './live-view.ts'
import { serveHere } from './serve-here.ts'

type QuestionPage = (typeof questionPages)[number]

const titles: Readonly<Record<QuestionPage, string>> = {
  bundle: 'Bundle and trust',
  license: 'License',
  mode: 'Mode',
  cluster: 'Cluster',
  registry: 'Registry',
  names: 'Names and certificates',
  data: 'Storage and database',
  sizes: 'Sizes',
}

/** What is looked at when a page has been answered, where the draft has a group or field for it. */
const looksOf: Readonly<Partial<Record<QuestionPage, readonly { look: Look; where?: string }[]>>> = {
  bundle: [{ look: 'bundle' }],
  license: [{ look: 'license' }],
  cluster: [{ look: 'cluster' }],
  registry: [{ look: 'registry' }],
  names: [{ look: 'names' }, { look: 'certificate', where: '/tls' }],
  data: [{ look: 'database', where: '/database' }],
}

/** What whoever is asked may say instead of going on: the answers are kept, and this face leaves. */
export const leave = Symbol('leave')

/** Goes to a page, and returns when it shows. */
export async function goTo({ face, live, signal }: Asker, page: Page): Promise<void> {
  await face.go(page)
  await live.until((view) => view.page === page, signal)
}

/** Lets one choose which answers to change, and goes there. */
export async function goToAnswers(asker: Asker): Promise<void> {
  const choices = questionPages.map((value) => ({ value, name: titles[value] }))
  const page = await asker.ask.choice({ message: 'Which answers?', choices }, asker.signal)
  if (page !== back) await goTo(asker, page)
}

/** Whether a page has questions. */
export const hasQuestions = (page: Page): page is QuestionPage => (questionPages as readonly Page[]).includes(page)

/** Asks the questions of a page, and goes to the next one, or to the one before. */
export async function askPage(asker: Asker, page: QuestionPage): Promise<void> {
  const at = questionPages.indexOf(page)
  const went = await askQuestions(asker, page)
  await goTo(asker, went === back ? (questionPages[at - 1] ?? page) : (questionPages[at + 1] ?? 'checks'))
}

async function askQuestions(asker: Asker, page: QuestionPage): Promise<Back | undefined> {
  const { ask, live, signal } = asker
  ask.say(`\n${titles[page]}`)
  for (let at = 0; ; ) {
    // an answer may bring questions, or settle some
    const questions = questionsFor(live.now.draft).filter((question) => question.page === page)
    const question = questions[at]
    if (question === undefined) {
      const looked = await lookAt(asker, page)
      if (looked !== 'again') return looked
      at = 0
    } else if ((await askOne(asker, question)) !== back) at++
    else if (at === 0) return back
    else at--
    signal.throwIfAborted()
  }
}

async function askOne({ ask, face, live, signal }: Asker, question: Question): Promise<Back | undefined> {
  const { pointer, orElse } = question
  const { draft, faults } = live.now
  const current = answerAt(draft, pointer)
  // what it stands for was asked before: left out, it says that one of the two is missing
  const places = [pointer, questions.find((other) => other.orElse === pointer)?.pointer]
  const faultIn = (faults: View['faults']) =>
    Object.entries(faults).find(([at]) => places.some((place) => at === place || at.startsWith(`${place}/`)))?.[1]
  const isMissing = orElse === undefined && current === undefined && faultIn(faults) !== undefined
  const asked = isMissing ? { ...question, required: true } : question
  const found = Object.values(live.now.looks).find((looked) => looked?.choices?.[pointer] !== undefined)
  const answered = await askQuestion(
    ask,
    asked,
    {
      current,
      optional: isOptional(asked, draft, faults),
      found: found?.choices?.[pointer],
      async answer(value) {
        const { faults } = await face.answer({ [pointer]: value })
        const fault = faultIn(faults)
        // what is missing in a group, or instead of what is left out, is asked next
        const goesOn = question.kind === 'flag' || (value === null && orElse !== undefined)
        if (fault === undefined || goesOn) return undefined
        return safe(fault.fix ? `${fault.message}. ${fault.fix}` : fault.message)
      },
    },
    signal,
  )
  // what a kubeconfig names is there to choose from then
  if (answered !== back && pointer === '/kubeconfig') await lookOnce(face, live, 'cluster', signal)
  return answered
}

/** Looks at what the page's answers lead to. What is not good may be answered again, or left as it is. */
async function lookAt(asker: Asker, page: QuestionPage): Promise<Back | 'again' | undefined> {
  const { ask, face, live, signal } = asker
  let bad = false
  for (const { look, where } of looksOf[page] ?? []) {
    if (where !== undefined && answerAt(live.now.draft, where) === undefined) continue
    const looked = await lookOnce(face, live, look, signal)
    for (const { label, text, bad } of looked?.facts ?? [])
      ask.say(`  ${bad ? '!' : ' '} ${safe(label)}: ${safe(text)}`)
    if (looked?.failure) ask.say(describeFailure(looked.failure))
    bad ||= looked?.state === 'bad'
  }
  if (!bad) return undefined
  const isServed = page === 'registry' && servedIn(live.now.draft) !== undefined
  const next = await ask.choice(
    {
      message: 'That does not look right',
      choices: [
        { value: 'again' as const, name: 'answer again' },
        ...(isServed
          ? [
              {
                value: 'serve' as const,
                name: 'serve from this file',
                help: 'it verifies the bundle, then goes on when this ends',
              },
            ]
          : []),
        { value: undefined, name: 'go on', help: 'the checks will say it again' },
      ],
    },
    signal,
  )
  if (next !== 'serve') return next
  await serveHere(asker)
  return await lookAt(asker, page)
}

async function lookOnce(face: Face, live: LiveView, look: Look, signal: AbortSignal) {
  await face.look(look)
  const ended = (view: View) => view.looks[look] !== undefined && view.looks[look]?.state !== 'looking'
  return (await live.until(ended, signal)).looks[look]
}
