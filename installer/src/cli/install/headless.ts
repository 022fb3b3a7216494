import path from 'node:path'
import { readAnswers, textOf } from '../../answers/read.ts'
import { defaultStateDir } from '../../install/open.ts'
import { clearFinished } from '../../wizard/finished.ts'
import { importAnswers } from '../../wizard/form.ts'
import { onceAborted } from '../../wizard/once-aborted.ts'
import { openSession } from '../../wizard/session.ts'
import { offerSession } from '../../wizard/socket.ts'
import { isGuarded, runGuarded } from '../guard.ts'
import { interruption } from '../signals.ts'
import { announceResult } from './result.ts'
import { shownWork } from './shown-work.ts'

export interface HeadlessArguments {
  answers: string
  /** ids of checks that may fail in this run */
  ignore: readonly string[]
  state?: string | undefined
  json: boolean
}

/** Installs with an answers file and asks nothing. Other faces may join, watch and stop it. */
export async function installHeadless(args: HeadlessArguments): Promise<void> {
  const answers = readAnswers(args.answers)
  if (answers.registry.kind === 'seed' && !isGuarded()) {
    // some registries lose what is on its way when this process is killed
    process.exitCode = await runGuarded()
    return
  }
  const file = path.resolve(args.answers)
  const ignore = [...new Set([...(answers.ignore ?? []), ...args.ignore])]
  const session = await openSession(args.state ?? defaultStateDir(answers), {
    draft: importAnswers(textOf(file), file),
    ...(args.ignore.length === 0 ? {} : { changes: { '/ignore': ignore } }),
    work: shownWork(args.state, args.json),
  })
  try {
    await offerSession(session)
    const face = await session.enter({ kind: 'headless', label: `sealift install, process ${process.pid}` })
    face.subscribe(session.view().seq, () => {})
    await face.install()
    onceAborted(interruption(), () => void session.close())
    announceResult(await session.outcome(), args.json)
  } finally {
    await session.close()
    await clearFinished(session.directory)
  }
}
