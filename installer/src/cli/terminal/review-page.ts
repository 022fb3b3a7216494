import type { SealiftError } from '@sealift/bundle-spec/error.ts'
import { textOf } from '../../answers/read.ts'
import { writeNewFile } from '../../stores/new-file.ts'
import { safe } from '../format.ts'
import { type Ask, back } from './ask.ts'
import { goTo, goToAnswers, leave } from './ask-pages.ts'
import type { Asker } from './asker.ts'
import { startRun } from './run-page.ts'

/** Shows the answers as a file would hold them, and asks whether to install. */
export async function askReview(asker: Asker): Promise<typeof leave | undefined> {
  const { ask, face, signal } = asker
  const text = await face.export()
  ask.say(`\nThese are the answers:\n\n${text.split('\n').map(safe).join('\n')}`)
  const next = await ask.choice(
    {
      message: 'Install?',
      choices: [
        { value: 'install', name: 'install', help: 'from now on the cluster is changed' },
        {
          value: 'write',
          name: 'write these answers to a file',
          help: 'for sealift install --headless --answers FILE',
        },
        { value: 'read', name: 'read answers from a file' },
        { value: 'answers', name: 'change answers' },
        { value: 'leave', name: 'leave', help: 'all answers are kept' },
      ],
    },
    signal,
  )
  if (next === 'leave') return leave
  if (next === 'install') await startRun(asker)
  else if (next === back) await goTo(asker, 'checks')
  else if (next === 'write') await writeTo(ask, text, signal)
  else if (next === 'read') await readFrom(asker)
  else await goToAnswers(asker)
  return undefined
}

async function writeTo(ask: Ask, text: string, signal: AbortSignal): Promise<void> {
  await ask.text(
    {
      message: 'File',
      fallback: 'answers.yaml',
      // one that is there stays as it is
      fault: (file) => tried(() => writeNewFile(file, text, 0o600)),
    },
    signal,
  )
}

async function readFrom({ ask, face, signal }: Asker): Promise<void> {
  await ask.text(
    {
      message: 'File',
      fallback: 'answers.yaml',
      fault: (file) => tried(() => face.import(textOf(file))),
    },
    signal,
  )
}

async function tried(work: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await work()
    return undefined
  } catch (error) {
    const { message, fix } = error as SealiftError
    return safe(fix ? `${message}. ${fix}` : message)
  }
}
