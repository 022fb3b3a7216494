import { lstatSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import path from 'node:path'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { printable } from '../printable.ts'
import { badRequest, readObject } from './http/body.ts'
import { closeServer } from './http/close-server.ts'
import type { Door } from './http/door.ts'
import { rememberedFaces } from './http/faces.ts'
import { handleApi } from './http/handle.ts'
import { entered } from './http/routes.ts'
import { onceAborted } from './once-aborted.ts'
import type { OwnSession } from './session.ts'
import { lifePath, socketName, socketPath } from './socket-path.ts'
import type { FaceView } from './view.ts'

/** connections at once */
const mostConnections = 128

/**
 * Offers a session to other processes of this user, on a Unix socket in its directory (mode 0600), until it closes. Where
 * the file system holds no sockets there is none, and nobody can join.
 * @throws SealiftError SESSION_SOCKET where something else stands in its place
 */
export async function offerSession(session: OwnSession): Promise<void> {
  const file = path.join(session.directory, socketName)
  const there = lstatSync(file, { throwIfNoEntry: false })
  // whoever has the session's lock is the only one who could be behind it
  if (there?.isSocket()) rmSync(file)
  else if (there)
    throw new SealiftError('SESSION_SOCKET', `${file} is not a socket`, {
      why: 'something else stands where other faces find this installation',
      fix: `see what it is: ls -l ${file}`,
    })
  const ending = new AbortController()
  const door = socketDoor(session, ending.signal)
  const server = createServer({ requestTimeout: 0 }, (request, response) => {
    if (request.url !== lifePath) return void handleApi(door, request, response)
    response.writeHead(200).flushHeaders()
    onceAborted(ending.signal, () => response.end())
  })
  server.maxConnections = mostConnections
  const at = socketPath(session.directory)
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  // from the first moment on: who may not, can't connect
  const mask = process.umask(0o177)
  try {
    server.listen(at.path, resolve)
  } finally {
    process.umask(mask)
  }
  try {
    await promise
  } catch {
    return at.close()
  }
  session.onClose(async () => {
    await closeServer(server, ending)
    rmSync(file, { force: true })
    at.close()
  })
}

/** Whoever can open the socket is the operator, or root. */
function socketDoor(session: OwnSession, ending: AbortSignal): Door {
  const faces = rememberedFaces()
  return {
    ending,
    invite: () => session.invite(),
    faceOf: ({ headers }) => faces.get(headers['x-sealift-face']?.toString()),
    async enter(request) {
      const { kind, label } = await readObject(request)
      const face = await session.enter({ kind: kindOf(kind), label: printable(String(label)) })
      faces.add(face.id, face)
      return { json: await entered(face) }
    },
  }
}

function kindOf(value: unknown): FaceView['kind'] {
  if (value === 'web' || value === 'terminal' || value === 'headless') return value
  throw badRequest('kind is one of: web, terminal, headless')
}
