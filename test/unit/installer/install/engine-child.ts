// A process for engine.test.ts to kill: three stages that leave files, the second one hangs while `hang` exists.
import { existsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { runStages, type Stage } from '../../../../installer/src/install/engine.ts'
import { openJournal } from '../../../../installer/src/install/journal.ts'

const dir = process.argv[2] as string
const stage = (id: string): Stage<undefined> => ({
  id,
  title: id,
  inPlace: `${id} is there`,
  needed: async () => !existsSync(path.join(dir, id)),
  run: async (_, report) => {
    report.info(`working on ${id}`)
    if (id === 'two' && existsSync(path.join(dir, 'hang'))) await setTimeout(60_000)
    writeFileSync(path.join(dir, id), '')
  },
})

const journal = await openJournal(path.join(dir, 'state'))
await runStages(['one', 'two', 'three'].map(stage), undefined, {
  journal,
  signal: new AbortController().signal,
  emit: (event) => process.stdout.write(`${JSON.stringify(event)}\n`),
})
await journal.close()
