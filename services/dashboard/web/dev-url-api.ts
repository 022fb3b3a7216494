import { call } from '@sealift/web/request.ts'

export const accessLevels = ['private', 'org', 'authed', 'public'] as const
export type AccessLevel = (typeof accessLevels)[number]
export type DevUrl = {
  id: string
  workspace: { id: string; name: string }
  port: number
  access: AccessLevel
  /** null: the site has no host for dev URLs any more */ url: string | null
}

/** What the page about dev URLs asks of the manager. */
export const devUrlApi = {
  list: (workspace: string) =>
    call<{ host: string | null; devUrls: DevUrl[] }>('GET', `/api/v0/dev-urls?workspace=${workspace}`),
  add: (wanted: { workspace: string; port: number; access: AccessLevel }) =>
    call<DevUrl>('POST', '/api/v0/dev-urls', wanted),
  share: (id: string, access: AccessLevel) => call<DevUrl>('PATCH', `/api/v0/dev-urls/${id}`, { access }),
  remove: (id: string) => call<void>('DELETE', `/api/v0/dev-urls/${id}`),
}
