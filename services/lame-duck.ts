import type { FastifyInstance } from 'fastify'

/**
 * How long a pod that leaves goes on as if nothing were, in milliseconds: load balancers, kube-proxy and our ingress hear of
 * it a moment later, and send to it until then. The ingress may need two reloads, each after its own farewell.
 */
export const lameDuckMs = 10_000

/**
 * Lets those who keep a connection leave before the server does: from the call of what it returns on, each answer says that
 * it is the last one of its connection.
 */
export function farewell(app: FastifyInstance): () => void {
  let leaving = false
  app.addHook('onSend', async (_request, reply) => {
    if (leaving) reply.header('connection', 'close')
  })
  return () => {
    leaving = true
  }
}
