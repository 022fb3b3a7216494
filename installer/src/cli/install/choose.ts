import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import path from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { SealiftError } from '@sealift/bundle-spec/error.ts'
import { emptyDraft } from '../../answers/draft.ts'
import { textOf } from '../../answers/read.ts'
import { stateBase } from '../../install/open.ts'
import type { Face, Session } from '../../wizard/face.ts'
import { type FoundSession, findSessions, lookAt } from '../../wizard/find.ts'
import { clearAllFinished, clearFinished, ownName } from '../../wizard/finished.ts'
import { importAnswers } from '../../wizard/form.ts'
import { joinSession } from '../../wizard/join.ts'
import { type OwnSession, openSession } from '../../wizard/session.ts'
import { offerSession } from '../../wizard/socket.ts'
import type { FaceView } from '../../wizard/view.ts'
import type { Work } from '../../wizard/work.ts'
import { safe } from '../format.ts'

export interface GivenAnswers {
  bundle?: string | undefined
  answers?: string | undefined
  trust?: string[] | undefined
  license?: string | undefined
  state?: string | undefined
  new: boolean
}

/** A session to show: one that another process has, entered already, or one of this process. */
export type Chosen = { joined: Session; face: Face } | { own: OwnSession; end(): Promise<void> }

/**
 * Joins the installation that runs, goes on with the one that was interrupted, or begins one; `say` tells which. Answers that
 * are given in a file, or `new`, begin one.
 * @throws SealiftError USAGE_LOCKED, USAGE_ANSWERS, STORAGE_STATE, SESSION_SOCKET
 */
export async function chooseSession(
  args: GivenAnswers,
  who: Pick<FaceView, 'kind' | 'label'>,
  work: Work,
  say: (line: string) => void,
): Promise<Chosen> {
  const { state, answers } = args
  if (state === undefined) await clearAllFinished(stateBase())
  const draft = answers === undefined ? undefined : importAnswers(textOf(answers), path.resolve(answers))
  const found =
    state === undefined ? await findSessions(stateBase()) : [await lookAt(state)].filter((one) => one !== undefined)
  const live = args.new || draft ? undefined : found.find((one) => one.live)
  const joined = live && (await enterLive(live, who))
  if (joined) {
    say(`an installation is open already: joining ${described(live)}`)
    return joined
  }
  // one whose process is about to end is waited for
  const begun = args.new || draft ? undefined : (live ?? found[0])
  if (begun) {
    say(`going on with ${described(begun)}; to begin anew: --new`)
    const others = found.filter((one) => one !== begun)
    if (others.length > 0)
      say(`not finished either: ${others.map(({ directory }) => `--state ${directory}`).join(', ')}`)
  }
  const directory = state ?? begun?.directory ?? path.join(stateBase(), newName())
  const fresh = begun ? undefined : (draft ?? (args.new ? emptyDraft : undefined))
  const changes = {
    ...(args.bundle === undefined ? {} : { '/bundle': args.bundle }),
    ...(args.trust === undefined ? {} : { '/trust': args.trust }),
    ...(args.license === undefined ? {} : { '/license': args.license }),
  }
  const own = await openSession(directory, { work, changes, ...(fresh ? { draft: fresh } : {}) })
  await offerSession(own)
  return {
    own,
    async end() {
      const isUntouched = isDeepStrictEqual(own.view().draft, emptyDraft)
      await own.close()
      if (isUntouched && state === undefined) rmSync(directory, { recursive: true, force: true })
      await clearFinished(directory)
    },
  }
}

/** Undefined where the other process ends. */
async function enterLive({ directory }: FoundSession, who: Pick<FaceView, 'kind' | 'label'>) {
  const joined = await joinSession(directory)
  try {
    return joined && { joined, face: await joined.enter(who) }
  } catch (error) {
    await joined?.close()
    if ((error as SealiftError).code !== 'SESSION_ENDED') throw error
    return undefined
  }
}

const newName = (): string => `${ownName}${new Date().toISOString().slice(0, 10)}-${randomBytes(4).toString('hex')}`

function described({ draft, directory, phase }: FoundSession): string {
  const host = typeof draft.host === 'string' ? safe(draft.host) : 'no host named yet'
  const doing = phase === 'failed' ? ', which has not ended' : ''
  return `the installation in ${directory} (${host})${doing}`
}
