import Type from 'typebox'
import type { Dependencies } from '../dependencies.ts'
import { closeWhenOver } from '../events/close-when-over.ts'
import { NoticesAnswer, showNotices } from '../notices/answer.ts'
import { currentNotices, type Notice } from '../notices/store.ts'
import type { TypedInstance } from '../schema-types.ts'
import { ErrorAnswer } from './schemas.ts'

const config = { permission: 'account:read', license: 'exempt' } as const

/**
 * What users are told of before it happens, for everybody who is logged in. The WebSocket sends {type: 'notices', now,
 * notices} first, and again whenever one was made or withdrawn; a reader lets go of one at its end by itself.
 */
export function noticeRoutes(app: TypedInstance, dependencies: Dependencies): void {
  const { database, hub, clock } = dependencies
  const read = () => currentNotices(database, clock())

  app.get('/api/v0/notices', { config, schema: { response: { 200: NoticesAnswer, '4xx': ErrorAnswer } } }, async () =>
    showNotices(await read(), clock()),
  )

  app.get(
    '/internal/notices',
    {
      config: { permission: 'internal', license: 'exempt' },
      logLevel: 'warn',
      schema: { response: { 200: NoticesAnswer, '4xx': ErrorAnswer } },
    },
    async () => showNotices(await read(), clock()),
  )

  app.get(
    '/api/v0/notices/watch',
    { config, schema: { response: { 101: Type.Null({ description: 'a WebSocket' }), '4xx': ErrorAnswer } } },
    async (request, reply) => {
      const websocket = await app.acceptWebSocket(request, reply)
      const send = (notices: readonly Notice[]) =>
        websocket.send(JSON.stringify({ type: 'notices', ...showNotices(notices, clock()) }))
      // one after the other, so that what is older never overtakes what is newer
      let chain = Promise.resolve()
      const inTurn = (work: () => void | Promise<void>) => {
        chain = chain.then(work).catch((error: Error) => {
          request.log.warn({ reason: error.message }, 'cannot read the notices')
          websocket.close(1011, 'try again')
        })
      }
      const readAndSend = () => inTurn(() => read().then(send))
      const forget = hub.subscribe((event) => {
        if (event.type === 'notices') inTurn(() => send(event.notices))
        else if (event.type === 'resync') readAndSend()
      })
      closeWhenOver(request, websocket, dependencies)
      websocket.on('close', forget)
      readAndSend()
    },
  )
}
