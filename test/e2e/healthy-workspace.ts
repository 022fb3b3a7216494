import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '../lab/command.ts'
import { writeImageArchive } from '../lab/image.ts'
import type { Lab } from '../lab/lab.ts'

/** Puts an image on the lab's node that is ready like a workspace and does nothing else; returns its reference. */
export async function importHealthyWorkspace(lab: Lab): Promise<string> {
  const image = 'sealift.lab/healthy-workspace:1'
  const directory = await mkdtemp(join(tmpdir(), 'healthy-workspace-'))
  try {
    const binary = join(directory, 'workspace')
    await run('gcc', ['-static', '-Os', '-o', binary, join(import.meta.dirname, 'healthy-workspace.c')])
    await writeImageArchive(join(directory, 'image.tar'), binary, image)
    await lab.importImage(join(directory, 'image.tar'))
    return image
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
