import { progressOn } from '../progress.ts'
import type { Asker } from './asker.ts'
import { describeFailure } from './describe-failure.ts'

/** Serves the bundle where the answers say, and says by whom, or what keeps it from that. */
export async function serveHere({ ask, face, live, stream, signal }: Asker): Promise<void> {
  const progress = progressOn(stream, false)
  const off = live.on((update) => {
    const moved = update.type === 'serving' ? update.serving?.progress : undefined
    if (moved) progress.update(moved.done, moved.total)
  })
  progress.step('Verifying the bundle')
  try {
    const { serving: before } = live.now
    await face.serve()
    const { serving } = await live.until(({ serving }) => serving !== before && serving?.state !== 'starting', signal)
    progress.end()
    if (serving?.failure) ask.say(describeFailure(serving.failure))
    if (serving?.at) {
      const { registry, pid, log } = serving.at
      ask.say(`  process ${pid} serves it at ${registry}, also when this ends; its log: ${log}; kill ${pid} ends it`)
    }
  } finally {
    off()
    progress.end()
  }
}
