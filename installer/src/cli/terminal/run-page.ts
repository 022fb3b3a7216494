import type { InstallEvent } from '../../install/events.ts'
import type { Update } from '../../wizard/face.ts'
import { stagePrinter } from '../stage-printer.ts'
import type { Asker } from './asker.ts'

/** Starts the installation, or goes on with it, and shows it from its first event. */
export async function startRun(asker: Asker): Promise<void> {
  const { seq } = asker.live.now
  await asker.face.install()
  await showEvents(asker, seq)
}

/** Shows what an installation does that runs already. */
export async function showRun(asker: Asker): Promise<void> {
  const { stages, seq } = asker.live.now
  const done = stages.filter(({ state }) => state === 'done' || state === 'skipped')
  const running = stages.find(({ state }) => state === 'running')
  if (done.length > 0) asker.ask.say(`done already: ${done.map(({ title }) => title).join(', ')}`)
  if (running) asker.ask.say(`[${stages.indexOf(running) + 1}/${stages.length}] ${running.title}`)
  await showEvents(asker, seq)
}

/** Shows what comes after an event, until the installation ends in one way or the other. */
async function showEvents({ face, live, signal, stream }: Asker, after: number): Promise<void> {
  const printer = stagePrinter(stream)
  const ended = Promise.withResolvers<void>()
  const off = face.subscribe(after, (update) => {
    if (isOfEngine(update)) printer.show(update)
    const phase = update.type === 'view' ? update.view.phase : update.type === 'phase' ? update.phase : 'installing'
    if (phase !== 'installing') ended.resolve()
  })
  const stop = () => ended.reject(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  try {
    await ended.promise
    await live.until(({ phase }) => phase !== 'installing', signal)
  } finally {
    off()
    signal.removeEventListener('abort', stop)
    printer.end()
  }
}

const engine: ReadonlySet<string> = new Set<InstallEvent['type']>([
  'stage-start',
  'progress',
  'log',
  'stage-done',
  'stage-skipped',
  'stage-failed',
])

const isOfEngine = (update: Update): update is Extract<Update, InstallEvent> => engine.has(update.type)
