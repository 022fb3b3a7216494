import fp from 'fastify-plugin'
import { createTurns, fairShare } from '../turns.ts'

/** how many of a user's requests are begun in a second, on average */
type Options = { requestsPerSecond: number }

/** Seconds of rest that are worth a burst: a page of the dashboard, or a script that lists everything once. */
const restForBurst = 8

/**
 * A user's requests take turns once it is known whose they are: somebody who sends thousands waits for their own, and
 * everybody else goes on as before. Register it after the plugin that says who calls. WebSockets have a bound of their own.
 */
export default fp<Options>(async (app, { requestsPerSecond: perSecond }) => {
  const turns = createTurns({ ...fairShare, perSecond, burst: restForBurst * perSecond })
  app.addHook('onRequest', async (request, reply) => {
    if (request.user === undefined || request.headers.upgrade !== undefined) return
    const end = await turns.take(request.user.id)
    // `finish` comes where the answer was sent, `close` where its reader left before
    reply.raw.once('finish', end)
    reply.raw.once('close', end)
    if (reply.raw.destroyed || request.raw.destroyed) end()
  })
})
