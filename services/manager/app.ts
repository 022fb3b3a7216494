import type { FastifyPluginAsync } from 'fastify'
import type { TrustedProxies } from '../trusted-proxies.ts'
import type { Dependencies } from './dependencies.ts'
import access from './plugins/access.ts'
import errorAnswers from './plugins/error-answers.ts'
import fairShare from './plugins/fair-share.ts'
import metrics from './plugins/metrics.ts'
import openApi from './plugins/openapi.ts'
import plainText from './plugins/plain-text.ts'
import websockets from './plugins/websockets.ts'
import { apiKeyRoutes } from './routes/api-keys.ts'
import { auditRoutes } from './routes/audit.ts'
import { authRoutes } from './routes/auth.ts'
import { devUrlEntryRoutes } from './routes/dev-url-entry.ts'
import { devUrlRoutes } from './routes/dev-urls.ts'
import { healthRoutes } from './routes/health.ts'
import { healthPageRoutes } from './routes/health-page.ts'
import { imageTagRoutes } from './routes/image-tags.ts'
import { imageRoutes } from './routes/images.ts'
import { internalRoutes } from './routes/internal.ts'
import { internalDevUrlRoutes } from './routes/internal-dev-urls.ts'
import { licenseRoutes } from './routes/license.ts'
import { memberRoutes } from './routes/members.ts'
import { noticeRoutes } from './routes/notices.ts'
import { oidcRoutes } from './routes/oidc.ts'
import { organizationRoutes } from './routes/organizations.ts'
import { registryRoutes } from './routes/registries.ts'
import { sessionRoutes } from './routes/sessions.ts'
import { sshKeyRoutes } from './routes/ssh-keys.ts'
import { ticketRoutes } from './routes/tickets.ts'
import { userLookupRoutes } from './routes/user-lookup.ts'
import { userRoutes } from './routes/users.ts'
import { watchRoutes } from './routes/watch.ts'
import { workspaceChangeRoutes } from './routes/workspace-change.ts'
import { workspacePowerRoutes } from './routes/workspace-power.ts'
import { workspaceRoutes } from './routes/workspaces.ts'
import type { TypedInstance } from './schema-types.ts'

const routeGroups = [
  healthRoutes,
  healthPageRoutes,
  authRoutes,
  oidcRoutes,
  licenseRoutes,
  userRoutes,
  userLookupRoutes,
  sessionRoutes,
  apiKeyRoutes,
  auditRoutes,
  organizationRoutes,
  memberRoutes,
  workspaceRoutes,
  workspacePowerRoutes,
  watchRoutes,
  workspaceChangeRoutes,
  ticketRoutes,
  registryRoutes,
  imageRoutes,
  imageTagRoutes,
  sshKeyRoutes,
  devUrlRoutes,
  devUrlEntryRoutes,
  noticeRoutes,
  internalRoutes,
  internalDevUrlRoutes,
]

/** The manager's API as a Fastify plugin. */
export const managerApi: FastifyPluginAsync<Dependencies> = async (instance, dependencies) => {
  const app = instance as unknown as TypedInstance
  await app.register(errorAnswers)
  await app.register(access, dependencies)
  await app.register(fairShare, dependencies)
  await app.register(plainText)
  await app.register(websockets)
  await app.register(openApi)
  await app.register(metrics, dependencies)
  app.addHook('onSend', async (_request, reply) => {
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store')
    reply.header('x-content-type-options', 'nosniff')
  })
  for (const routes of routeGroups) routes(app, dependencies)
}

/** Settings of the Fastify instance that `managerApi` relies on. */
export const fastifySettings = (proxies: Pick<TrustedProxies, 'has'>) => ({
  bodyLimit: 64 * 1024,
  requestTimeout: 30_000,
  // who claims to speak for a client is believed by what it is, not by where it stands in the row
  trustProxy: (address: string): boolean => proxies.has(address),
  ajv: { customOptions: { removeAdditional: false, coerceTypes: false, useDefaults: false, allErrors: false } },
})
