import { call } from '@sealift/web/request.ts'
import { getPage, type Page, readAll } from './paging.ts'

export const siteRoles = ['site-admin', 'site-manager', 'site-auditor', 'site-member'] as const
export type SiteUser = { id: string; username: string; role: string; active: boolean; createdAt: string }
export type Amounts = {
  cpu: number | null
  memoryGiB: number | null
  diskGiB: number | null
  gpus: number | null
  workspaces: number | null
}
export type Limits = Omit<Amounts, 'workspaces'>
export type Organization = {
  id: string
  name: string
  /** of all workspaces together */ quota: Amounts
  /** of each workspace */ limits: Limits
  usage?: { [K in keyof Amounts]: number }
}
export type Member = { id: string; username: string; role: string }
export type AuditEntry = {
  id: string
  at: string
  actorName: string | null
  via: string
  address: string | null
  action: string
  targetType: string
  targetName: string | null
  targetId: string | null
}
export type ApiKey = { id: string; name: string; scopes: string[]; expiresAt: string; lastUsedAt: string | null }
export type SshKey = { id: string; name: string; fingerprint: string }
export type Registry = { id: string; name: string; host: string; pullSecret: string | null }
export type ImageSizes = {
  cpu: number
  memoryGiB: number
  diskGiB: number
  gpus: number
  maxCpu: number | null
  maxMemoryGiB: number | null
  maxDiskGiB: number | null
  maxGpus: number | null
}
export type Image = {
  id: string
  name: string
  repository: string
  releaseImage: boolean
  deprecated: boolean
  defaultTag: string
  tags: { tag: string; reference: string }[]
  sizes: ImageSizes
}
export type ImageChange = Partial<Pick<Image, 'name' | 'defaultTag' | 'deprecated' | 'sizes'>>
export type Session = {
  id: string
  current: boolean
  createdAt: string
  lastUsedAt: string | null
  address: string | null
  userAgent: string | null
}
export type Standing = 'ok' | 'warning' | 'failing'
export type Check = { name: string; standing: Standing; code?: string; message?: string; fix?: string }

/** What the pages about the site and about one's own account ask of the manager. */
export const siteApi = {
  /** The active user of exactly this name. */
  findUser: (username: string) =>
    call<{ id: string; username: string }>('GET', `/api/v0/users/lookup?username=${encodeURIComponent(username)}`),
  addUser: (user: { username: string; password: string; role: string }) =>
    call<SiteUser>('POST', '/api/v0/users', user),
  changeUser: (id: string, change: { role?: string; active?: boolean }) =>
    call<SiteUser>('PATCH', `/api/v0/users/${id}`, change),
  organizationNames: () => readAll<Organization>('/api/v0/organizations'),
  /** A page of organizations with what they use, which each is asked for. */
  async organizations(path: string): Promise<Page<Organization>> {
    const { items, next } = await getPage<Organization>(path)
    const whole = items.map(({ id }) => call<Organization>('GET', `/api/v0/organizations/${id}`))
    return { items: await Promise.all(whole), next }
  },
  addOrganization: (name: string) => call<Organization>('POST', '/api/v0/organizations', { name }),
  setBounds: (id: string, bounds: Pick<Organization, 'quota' | 'limits'>) =>
    call<Organization>('PATCH', `/api/v0/organizations/${id}`, bounds),
  putMember: (id: string, user: string, role: string) =>
    call<void>('PUT', `/api/v0/organizations/${id}/members/${user}`, { role }),
  removeMember: (id: string, user: string) => call<void>('DELETE', `/api/v0/organizations/${id}/members/${user}`),
  health: () => call<{ standing: Standing; checks: Check[] }>('GET', '/api/v0/health'),
  registries: () => call<Registry[]>('GET', '/api/v0/registries'),
  addRegistry: (registry: Omit<Registry, 'id'>) => call<Registry>('POST', '/api/v0/registries', registry),
  removeRegistry: (id: string) => call<void>('DELETE', `/api/v0/registries/${id}`),
  images: () => readAll<Image>('/api/v0/images'),
  addImage: (image: { name: string; registry: string; repository: string; tag: string; digest?: string }) =>
    call<Image>('POST', '/api/v0/images', image),
  changeImage: (id: string, change: ImageChange) => call<Image>('PATCH', `/api/v0/images/${id}`, change),
  removeImage: (id: string) => call<void>('DELETE', `/api/v0/images/${id}`),
  putTag: (id: string, tag: string, digest: string | undefined) =>
    call<Image>('PUT', `/api/v0/images/${id}/tags/${tag}`, digest === undefined ? {} : { digest }),
  removeTag: (id: string, tag: string) => call<void>('DELETE', `/api/v0/images/${id}/tags/${tag}`),
  sessions: (user: string) => call<Session[]>('GET', `/api/v0/users/${user}/sessions`),
  endSession: (user: string, id: string) => call<void>('DELETE', `/api/v0/users/${user}/sessions/${id}`),
  apiKeys: () => call<ApiKey[]>('GET', '/api/v0/api-keys'),
  addApiKey: (key: { name: string; scopes: string[]; days: number }) =>
    call<ApiKey & { token: string }>('POST', '/api/v0/api-keys', key),
  removeApiKey: (id: string) => call<void>('DELETE', `/api/v0/api-keys/${id}`),
  sshKeys: () => call<SshKey[]>('GET', '/api/v0/ssh-keys'),
  addSshKey: (key: string) => call<SshKey>('POST', '/api/v0/ssh-keys', { key }),
  removeSshKey: (id: string) => call<void>('DELETE', `/api/v0/ssh-keys/${id}`),
  changePassword: (id: string, current: string, password: string) =>
    call<void>('PUT', `/api/v0/users/${id}/password`, { current, password }),
}
