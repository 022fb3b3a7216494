import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { questions } from '../../answers/questions.ts'
import { type Face, failureOf } from '../../wizard/face.ts'
import type { View } from '../../wizard/view.ts'
import { safe } from '../format.ts'
import { askPage, goTo, goToAnswers, hasQuestions, leave } from './ask-pages.ts'
import type { Asker } from './asker.ts'
import { askChecks, showChecks } from './check-page.ts'
import { describeFailure } from './describe-failure.ts'
import { followView } from './live-view.ts'
import { askReview } from './review-page.ts'
import { showRun, startRun } from './run-page.ts'

/**
 * The terminal's face of a session: asks, shows the checks and the progress, and follows along while another face steers.
 * Returns the view when the platform is installed, undefined where whoever is asked leaves.
 * @throws SealiftError USAGE_INTERRUPTED, or what ended the session
 */
export async function terminalFace(
  face: Face,
  { ask, stream, signal }: Pick<Asker, 'ask' | 'stream' | 'signal'>,
): Promise<View | undefined> {
  const live = await followView(face)
  const asker: Asker = { ask, face, live, stream, signal }
  try {
    for (;;) {
      const { phase, steering } = live.now
      if (phase === 'done') return live.now
      try {
        if (phase === 'installing') await showRun(asker)
        else if (phase === 'checking') await showChecks(asker)
        else if (steering !== undefined && steering !== face.id) await watch(asker)
        else if ((await steer(asker)) === leave) return undefined
      } catch (error) {
        if (!(error instanceof SealiftError) || signal.aborted) throw error
        if (error.code === 'SESSION_FAULTS') await goToFault(asker)
        // another face was quicker, between what was shown and the answer to it
        else if (error.code !== 'SESSION_STEERED' && error.code !== 'SESSION_BUSY') throw error
        ask.say(describeFailure(failureOf(error)))
      }
    }
  } finally {
    live.close()
  }
}

/** Asks what is next, from the page where the session is. */
async function steer(asker: Asker): Promise<typeof leave | undefined> {
  const { phase, page, failure } = asker.live.now
  if (hasQuestions(page)) return void (await askPage(asker, page))
  if (page === 'checks') return await askChecks(asker)
  if (phase === 'failed' && page !== 'review') return await askAfterFailure(asker, failure)
  return await askReview(asker)
}

/** Goes to the page of the first answer that is missing or wrong, and says all that are. */
async function goToFault(asker: Asker): Promise<void> {
  const faults = Object.entries(asker.live.now.faults)
  for (const [pointer, { message }] of faults)
    asker.ask.say(`  ! ${safe(pointer.slice(1).replaceAll('/', '.'))}: ${safe(message)}`)
  const first = questions.find(({ pointer }) => faults.some(([at]) => at === pointer || at.startsWith(`${pointer}/`)))
  await goTo(asker, first?.page ?? 'review')
}

/** Follows another face, until it leaves, starts something, or this one takes over. */
async function watch({ ask, face, live, signal }: Asker): Promise<void> {
  const { faces, steering, page } = live.now
  const who = faces.find(({ id }) => id === steering)?.label ?? 'another face'
  ask.say(`${safe(who)} steers, on the page ${page}. It goes on here when that one leaves.`)
  const changed = new AbortController()
  const off = live.on((_, { phase, steering: now, page: on }) => {
    if (now !== steering || on !== page || (phase !== 'asking' && phase !== 'failed')) changed.abort()
  })
  try {
    const asked = { message: 'Press Enter to take over', fault: async () => undefined }
    await ask.text(asked, AbortSignal.any([signal, changed.signal]))
    await face.steer()
  } catch (error) {
    if (!changed.signal.aborted || signal.aborted) throw error
  } finally {
    off()
  }
}

async function askAfterFailure(asker: Asker, failure: View['failure']): Promise<typeof leave | undefined> {
  const { ask, signal } = asker
  ask.say(`\nThe installation has not ended${failure ? `:\n${describeFailure(failure)}` : '.'}`)
  const next = await ask.choice(
    {
      message: 'What now?',
      choices: [
        { value: 'on', name: 'go on', help: 'what is done stays done' },
        { value: 'answers', name: 'change answers' },
        { value: 'leave', name: 'leave', help: 'everything is kept; run the same command to go on' },
      ],
    },
    signal,
  )
  if (next === 'leave') return leave
  if (next === 'on') await startRun(asker)
  else if (next === 'answers') await goToAnswers(asker)
  else await goTo(asker, 'review')
  return undefined
}
