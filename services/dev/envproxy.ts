import { createAccess } from '../envproxy/access.ts'
import { createActivity } from '../envproxy/activity.ts'
import { createEnvproxy, type Envproxy } from '../envproxy/app.ts'
import { createDirectory, managerDirectory } from '../envproxy/dev-urls/directory.ts'
import { createManager } from '../envproxy/manager.ts'
import { askManager } from '../envproxy/manager-access.ts'
import { createNotices, managerNotices } from '../envproxy/notices.ts'
import { managerKeys } from '../envproxy/ticket.ts'
import { readTrusted, trustedProxies } from '../trusted-proxies.ts'
import type { Forwards } from './forwards.ts'
import { devUrlsHost } from './origin.ts'

/** The envproxy as its server.ts makes it, but for the way to a workspace. */
export function devEnvproxy(
  { managerUrl, siteUrl, sharedKey }: { managerUrl: string; siteUrl: string; sharedKey: string },
  forwards: Forwards | undefined,
): Envproxy {
  const manager = createManager(managerUrl, sharedKey)
  return createEnvproxy({
    keys: managerKeys(managerUrl),
    // port 9 answers nobody
    locate: ({ workspace, port }) => ({ host: '127.0.0.1', port: forwards?.portOf(workspace, port) ?? 9 }),
    sharedKey,
    devUrls: {
      hosts: { devUrls: devUrlsHost, editors: undefined },
      siteUrl,
      directory: createDirectory({ ask: managerDirectory(manager) }),
    },
    access: createAccess({ ask: askManager(manager) }),
    activity: createActivity(async (workspaces) => {
      const { status } = await manager.call('POST', '/internal/activity', { workspaces })
      if (status >= 500) throw new Error(`the manager answered ${status}`)
    }),
    notices: createNotices(managerNotices(manager)),
    // the dev server's own origin
    trusts: trustedProxies(readTrusted('127.0.0.1')).has,
    logger: { level: process.env.LOG_LEVEL ?? 'warn' },
  })
}
