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
export type Refusal = { code: string; message: string; why?: string; fix?: string }
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

/** A request that failed, in the words of the API, or in ours when no API answered. */
export class ApiFailure extends Error {
  readonly status: number
  readonly refusal: Refusal
  constructor(status: number, refusal: Refusal) {
    super(refusal.message)
    this.status = status
    this.refusal = refusal
  }
}

const timeLimit = 20_000

/** The event of the window that says that nobody is logged in any more. */
export const signedOut = 'sealift:signed-out'
export const tellSignedOut = (): boolean => dispatchEvent(new Event(signedOut))

/** Asks the API at this origin. @throws ApiFailure */
export const call = async <T>(method: string, path: string, body?: unknown): Promise<T> =>
  (await send<T>(method, path, body)).body

/** The same, with the headers of the answer. @throws ApiFailure */
export async function send<T>(method: string, path: string, body?: unknown): Promise<{ body: T; headers: Headers }> {
  let response: Response
  try {
    response = await fetch(path, {
      method,
      credentials: 'same-origin',
      signal: AbortSignal.timeout(timeLimit),
      ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    })
  } catch {
    throw new ApiFailure(0, { code: 'UNREACHABLE', message: 'The server does not answer.', fix: 'Check your network.' })
  }
  const { headers } = response
  if (response.status === 204) return { body: undefined as T, headers }
  const answer: unknown = await response.json().catch(() => undefined)
  if (response.ok && answer !== undefined) return { body: answer as T, headers }
  if (response.status === 401) tellSignedOut()
  const known = answer as Partial<Refusal> | undefined
  throw new ApiFailure(
    response.status,
    typeof known?.message === 'string'
      ? (known as Refusal)
      : { code: `HTTP_${response.status}`, message: `The server answered with status ${response.status}.` },
  )
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
