import { call, type Refusal } from '@sealift/web/request.ts'

export type User = {
  id: string
  username: string
  role: 'site-admin' | 'site-manager' | 'site-auditor' | 'site-member'
  /** roles by organization id */
  organizations?: Record<string, string>
}
export type WorkspaceStatus = 'CREATING' | 'ON' | 'OFF' | 'FAILED' | 'UNKNOWN'
export type Workspace = {
  id: string
  name: string
  owner: { id: string; username: string }
  image: string
  cpu: number
  memoryGiB: number
  diskGiB: number
  gpus: number
  status: WorkspaceStatus
  statusMessage?: string
  imageId: string | null
  tag: string | null
  autoOffMinutes: number | null
  createdAt: string
  /** null where the site has no editors, and editorOff says why */
  editorUrl: string | null
  editorOff?: Refusal
}
/** What people choose of a workspace, at first and later. */
export type WorkspaceWish = Partial<Pick<Workspace, 'cpu' | 'memoryGiB' | 'diskGiB' | 'gpus' | 'autoOffMinutes'>> & {
  image?: string
  tag?: string
}
export type NewWorkspace = WorkspaceWish & Pick<Workspace, 'name'> & { organization?: string }
export type License = {
  mode: string
  standing: 'entitled' | 'grace' | 'expired' | 'early' | 'missing'
  seatsUsed?: number
  daysLeft?: number
  claims?: {
    id: string
    customer: string
    tier: string
    features: { airgap: boolean; seats: number }
    nbf: number
    license_expires: number
    exp: number
  }
  refusal?: Refusal
}

/** The manager's API, called with the session cookie, which no script can read. */
export const api = {
  login: (username: string, password: string) =>
    call<{ user: User }>('POST', '/auth/basic/login', { username, password }),
  loginMethods: () => call<{ password: boolean; oidc: boolean }>('GET', '/auth/methods'),
  logout: () => call<void>('POST', '/auth/logout'),
  me: () => call<User>('GET', '/api/v0/me'),
  workspace: (id: string) => call<Workspace>('GET', `/api/v0/workspaces/${id}`),
  create: (workspace: NewWorkspace) => call<Workspace>('POST', '/api/v0/workspaces', workspace),
  change: (id: string, wish: WorkspaceWish) => call<Workspace>('PATCH', `/api/v0/workspaces/${id}`, wish),
  rebuild: (id: string) => call<Workspace>('POST', `/api/v0/workspaces/${id}/rebuild`),
  remove: (id: string) => call<void>('DELETE', `/api/v0/workspaces/${id}`),
  start: (id: string) => call<Workspace>('POST', `/api/v0/workspaces/${id}/start`),
  stop: (id: string) => call<Workspace>('POST', `/api/v0/workspaces/${id}/stop`),
  ticket: (id: string) =>
    call<{ ticket: string; path: string }>('POST', `/api/v0/workspaces/${id}/tickets`, { port: 26337 }),
  license: () => call<License>('GET', '/api/v0/license'),
  uploadLicense: (license: string) => call<License>('PUT', '/api/v0/license', { license }),
}
