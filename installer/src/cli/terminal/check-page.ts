import type { CheckResult } from '../../checks/check.ts'
import type { Update } from '../../wizard/face.ts'
import { safe } from '../format.ts'
import { type Ask, back } from './ask.ts'
import { goTo, goToAnswers, leave } from './ask-pages.ts'
import type { Asker } from './asker.ts'

/** Runs the checks and asks what to do about what they found. */
export async function askChecks(asker: Asker): Promise<typeof leave | undefined> {
  const { ask, face, live, signal } = asker
  if (live.now.checks.length === 0 || live.now.checks.some(({ state }) => state === 'waiting')) {
    ask.say('\nChecks')
    await runChecks(asker)
  }
  const failed = live.now.checks.filter(({ state, level }) => state === 'failed' && level === 'error')
  const next = await ask.choice(
    {
      message:
        failed.length === 0
          ? 'The checks have passed'
          : failed.length === 1
            ? 'One check has failed'
            : `${failed.length} checks have failed`,
      choices: [
        ...(failed.length === 0 ? [{ value: 'review', name: 'go on to the review' }] : []),
        { value: 'check', name: 'check again' },
        { value: 'answers', name: 'change answers' },
        ...failed
          .filter(({ strict }) => !strict)
          .map(({ id, title }) => ({ value: `ignore ${id}`, name: `ignore: ${title}` })),
        { value: 'leave', name: 'leave', help: 'all answers are kept' },
      ],
    },
    signal,
  )
  if (next === 'leave') return leave
  if (next === 'review') await goTo(asker, 'review')
  else if (next === 'check') await runChecks(asker)
  else if (next === back) await goTo(asker, 'sizes')
  else if (next === 'answers') await goToAnswers(asker)
  else {
    const ignored = (live.now.draft.ignore as string[] | undefined) ?? []
    await face.answer({ '/ignore': [...ignored, next.slice('ignore '.length)] })
    await runChecks(asker)
  }
  return undefined
}

async function runChecks({ ask, face, live, signal }: Asker): Promise<void> {
  const before = live.now.checks
  const off = live.on(shownBy(ask))
  try {
    // they may have ended before this face hears that they began
    const ended = live
      .until(({ phase, checks }) => phase === 'checking' || checks !== before, signal)
      .then(() => live.until(({ phase }) => phase !== 'checking', signal))
    await Promise.all([face.check(), ended])
  } finally {
    off()
  }
}

/** Shows each check that another face has started as it ends, until all have. */
export async function showChecks({ ask, live, signal }: Asker): Promise<void> {
  const off = live.on(shownBy(ask))
  await live.until(({ phase }) => phase !== 'checking', signal).finally(off)
}

const shownBy =
  ({ say }: Ask) =>
  (update: Update): void => {
    if (update.type === 'check') showCheck(say, update.check)
  }

const marks: Readonly<Partial<Record<CheckResult['state'], string>>> = {
  passed: 'ok     ',
  skipped: 'skipped',
  ignored: 'ignored',
}

function showCheck(say: (text: string) => void, { state, level, title, found, needed, fix, code }: CheckResult): void {
  const mark = state === 'failed' ? (level === 'error' ? 'FAILED ' : 'warning') : marks[state]
  if (mark === undefined) return
  say(`${mark} ${title}${found ? `: ${safe(found)}` : ''}${code ? ` [${code}]` : ''}`)
  if (state !== 'failed') return
  if (needed) say(`          needed: ${safe(needed)}`)
  if (fix) say(`          try: ${safe(fix)}`)
}
