import type { IncomingMessage } from 'node:http'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Changes, Face } from '../face.ts'
import { looks, pages, type View } from '../view.ts'
import { badRequest, readBody, readObject } from './body.ts'
import type { Answer, Door } from './door.ts'

/** What a face can ask, by method and path; `input` is read before anything is done. */
export type Route = (face: Face, request: IncomingMessage, query: URLSearchParams, door: Door) => Promise<Answer>

const started: Answer = { status: 202, json: {} }

/** What starts or ends something, and takes nothing along. */
const act =
  (work: (face: Face) => Promise<unknown>, answer: Answer = {}): Route =>
  async (face, request) => {
    await readObject(request)
    await work(face)
    return answer
  }

export const routes: Readonly<Record<string, Route>> = {
  'GET /api/view': async (face) => ({ json: await entered(face) }),
  'POST /api/answer': async (face, request) => {
    const { changes } = await readObject(request)
    if (typeof changes !== 'object' || changes === null || Array.isArray(changes))
      throw badRequest('changes is an object')
    return { json: await face.answer(changes as Changes) }
  },
  'POST /api/upload': async (face, request, query) => {
    const bytes = await readBody(request, 'application/octet-stream')
    return { json: await face.upload(query.get('pointer') ?? '', query.get('name') ?? '', bytes) }
  },
  'POST /api/page': async (face, request) => {
    await face.go(oneOf(pages, (await readObject(request)).page, 'page'))
    return {}
  },
  'POST /api/look': async (face, request) => {
    await face.look(oneOf(looks, (await readObject(request)).look, 'look'))
    return started
  },
  'POST /api/serve': act((face) => face.serve(), started),
  'POST /api/check': act((face) => face.check(), started),
  'POST /api/install': act((face) => face.install(), started),
  'POST /api/stop': act((face) => face.stop(), started),
  'POST /api/steer': act((face) => face.steer()),
  'POST /api/leave': act((face) => face.leave()),
  'POST /api/close': async (face, request, _, door) => {
    await readObject(request)
    if (!door.close) throw new SealiftError('SESSION_NO_WEB', 'this is no door for browsers')
    assertClosable(face, await face.view())
    door.close()
    return {}
  },
  'POST /api/invite': async (face, request, _, door) => {
    await readObject(request)
    // refused like any other request where the face is not known
    await face.view()
    return { json: await door.invite() }
  },
  'POST /api/import': async (face, request) => {
    const bytes = await readBody(request, 'application/yaml')
    let text: string
    try {
      text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    } catch (cause) {
      throw badRequest('the answers file is not UTF-8', cause)
    }
    return { json: await face.import(text) }
  },
  'GET /api/answers.yaml': async (face) => ({
    text: { type: 'application/yaml', body: await face.export(), name: 'answers.yaml' },
  }),
  'GET /api/report.json': async (face) => ({ text: { type: 'application/json', body: await face.report('json') } }),
  'GET /api/report.html': async (face) => ({ text: { type: 'text/html', body: await face.report('html') } }),
}

/** What a face gets when it enters, or comes back. */
export const entered = async (face: Face) => ({
  face: face.id,
  view: await face.view(),
  questions: await face.questions(),
})

/** Who watches closes no door for others, and nobody does while something runs. */
function assertClosable({ id }: Face, { phase, steering }: View): void {
  if (steering !== undefined && steering !== id)
    throw new SealiftError('SESSION_STEERED', 'another face steers', { fix: 'close the wizard there' })
  if (phase === 'checking' || phase === 'installing')
    throw new SealiftError('SESSION_BUSY', 'this cannot be done now', { why: 'something runs; stop it first' })
}

function oneOf<T extends string>(known: readonly T[], value: unknown, name: string): T {
  const found = known.find((one) => one === value)
  if (found === undefined) throw badRequest(`${name} is one of: ${known.join(', ')}`)
  return found
}
