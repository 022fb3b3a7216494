import { randomBytes } from 'node:crypto'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { FaceView } from './view.ts'

/** milliseconds after which a face that asks nothing and follows nothing is taken to be gone */
const patience = 15_000

/** faces at once; who is gone makes room */
const most = 32

export interface Steering {
  /** @throws SealiftError SESSION_FULL */
  enter(who: Pick<FaceView, 'kind' | 'label'>): FaceView
  /** Says that a face is there. @throws SealiftError SESSION_UNKNOWN */
  seen(id: string): void
  /** A face follows the events, until what this returns is called. */
  following(id: string): () => void
  leave(id: string): void
  /** Makes sure that a face steers; it does from now on where nobody did. @throws SealiftError SESSION_STEERED */
  assert(id: string): void
  /** @throws SealiftError SESSION_STEERED while the one who steers is there */
  take(id: string): void
  close(): void
}

interface Known {
  face: FaceView
  streams: number
  seen: number
}

/** Who is there, and which one of them steers; `changed` is told after each change. */
export function createSteering(
  changed: (presence: { faces: FaceView[]; steering?: string }) => void,
  now: () => number = () => performance.now(),
): Steering {
  const known = new Map<string, Known>()
  let steering: string | undefined
  let shown = ''

  const isThere = ({ streams, seen }: Known) => streams > 0 || now() - seen < patience
  const known_ = (id: string): Known => {
    const found = known.get(id)
    if (found) return found
    throw new SealiftError('SESSION_UNKNOWN', 'this face is not known to the session', { fix: 'enter it again' })
  }

  function look(): void {
    const faces = [...known.values()].filter(isThere).map(({ face }) => face)
    if (!faces.some(({ id }) => id === steering)) steering = undefined
    const text = JSON.stringify([faces, steering])
    if (text === shown) return
    shown = text
    changed({ faces, ...(steering === undefined ? {} : { steering }) })
  }

  function forgetOne(): void {
    const gone = [...known.values()].filter((one) => !isThere(one)).sort((a, b) => a.seen - b.seen)[0]
    if (!gone)
      throw new SealiftError('SESSION_FULL', `${most} faces show this installation already`, { fix: 'close one' })
    known.delete(gone.face.id)
  }

  function seen(id: string): void {
    known_(id).seen = now()
    look()
  }

  const timer = setInterval(look, 1000).unref()
  return {
    enter(who) {
      if (known.size >= most) forgetOne()
      const face: FaceView = {
        id: randomBytes(12).toString('base64url'),
        kind: who.kind,
        label: who.label.slice(0, 100),
      }
      known.set(face.id, { face, streams: 0, seen: now() })
      look()
      if (steering === undefined) {
        steering = face.id
        look()
      }
      return face
    },
    seen,
    following(id) {
      const one = known_(id)
      one.streams++
      look()
      return () => {
        one.streams--
        one.seen = now()
      }
    },
    leave(id) {
      known.delete(id)
      look()
    },
    assert(id) {
      seen(id)
      steering ??= id
      if (steering !== id)
        throw new SealiftError('SESSION_STEERED', `${known.get(steering)?.face.label ?? 'another face'} steers`, {
          why: 'what one shows, all show; one at a time changes something',
          fix: 'take over when it is gone',
        })
      look()
    },
    take(id) {
      seen(id)
      const holder = steering === undefined ? undefined : known.get(steering)
      if (holder && holder.face.id !== id && known_(id).face.kind !== 'terminal' && isThere(holder))
        throw new SealiftError('SESSION_STEERED', `${holder.face.label} steers, and is there`, {
          fix: 'close it there, or take over in a terminal on the machine itself: sealift install --terminal',
        })
      steering = id
      look()
    },
    close: () => clearInterval(timer),
  }
}
