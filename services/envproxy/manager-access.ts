import type { Holder, Verdict } from './access.ts'
import { managerDirectory } from './dev-urls/directory.ts'
import type { Manager } from './manager.ts'

/** Asks the manager whether someone may stay: as who is logged in, or as anyone at a dev URL that is public. */
export function askManager(manager: Manager | undefined): (holder: Holder) => Promise<Verdict> {
  return async ({ user, workspace, port, credential, devUrl }) => {
    if (manager === undefined) return 'unknown'
    if (devUrl !== undefined && user === '') {
      const found = await managerDirectory(manager)(devUrl.label)
      return found?.id === devUrl.id && found.open ? { grant: undefined } : 'denied'
    }
    const who = { user, credential }
    const question =
      devUrl === undefined
        ? `/internal/access?${new URLSearchParams({ ...who, workspace, port: `${port}` })}`
        : `/internal/dev-urls/${devUrl.label}?${new URLSearchParams(who)}`
    const { status, body } = await manager.call('GET', question)
    if (status === 403 || status === 404) return 'denied'
    if (status !== 200) return 'unknown'
    const { id, grant } = (body ?? {}) as Record<string, unknown>
    // the label may be another dev URL's by now
    if (devUrl !== undefined && id !== devUrl.id) return 'denied'
    return { grant: typeof grant === 'string' ? grant : undefined }
  }
}
