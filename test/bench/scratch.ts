import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A directory for one run. `stop` removes it, and so does the end of this process. */
export async function makeScratch(): Promise<{ directory: string; stop: () => void }> {
  const directory = await mkdtemp(join(tmpdir(), 'sealift-bench-'))
  const remove = () => rmSync(directory, { recursive: true, force: true })
  process.once('exit', remove)
  return {
    directory,
    stop() {
      remove()
      process.removeListener('exit', remove)
    },
  }
}
