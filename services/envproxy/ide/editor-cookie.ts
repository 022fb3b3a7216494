import type { Holder } from '../access.ts'
import { cookieLifetime, createCookieSeal } from '../http/cookie-seal.ts'

/** Seals who may use an editor into a cookie for its path, and opens it again. */
export interface EditorCookies {
  /** A `Set-Cookie` value. */
  seal(holder: Holder): Promise<string>
  /** The holder of a sound cookie of this workspace among the request's; `old`: it should be sealed anew. */
  open(header: string | undefined, workspace: string): Promise<{ holder: Holder; old: boolean } | undefined>
}

const nameOf = (workspace: string): string => `cde_ide_${workspace}`

/** The cookie goes to the workspace's own path only, and never on to the workspace. */
export function createEditorCookies(sharedKey: string, port: number): EditorCookies {
  const cookies = createCookieSeal(sharedKey, 'editor')
  return {
    async seal({ user, workspace, credential }) {
      const token = await cookies.seal(user, { workspace, credential })
      const scope = `Path=/proxy/workspaces/${workspace}/; Max-Age=${cookieLifetime}; HttpOnly; Secure; SameSite=Lax`
      return `${nameOf(workspace)}=${token}; ${scope}`
    },
    async open(header, workspace) {
      const opened = await cookies.open(header, nameOf(workspace), (user, claims): Holder | undefined =>
        claims.workspace === workspace && typeof claims.credential === 'string'
          ? { user, workspace, port, credential: claims.credential }
          : undefined,
      )
      return opened && { holder: opened.value, old: opened.old }
    },
  }
}
