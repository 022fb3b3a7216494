import { call, send } from '@sealift/web/request.ts'
import type { Fault, Look, Page, View } from '../src/wizard/view.ts'
import { hearTime } from './session/clock.ts'

export type Entered = { face: string; view: View }
export type Faults = Readonly<Record<string, Fault>>

/** What a page of another site cannot add to a request. */
const own = { 'x-sealift': '1' }
const post = <T>(path: string, body: unknown = {}): Promise<T> => call<T>('POST', path, body, own)

/** Where the session is; events may be long in coming, so the clock is set by this first. */
async function entered(method: string, path: string, body?: unknown): Promise<Entered> {
  const { body: entered, headers } = await send<Entered>(method, path, body, own)
  hearTime(Date.parse(headers.get('date') ?? ''))
  return entered
}

/** What the wizard's server does; the session is in a cookie that no script can read. Each throws ApiFailure. */
export const api = {
  enter: (token: string) => entered('POST', '/api/enter', { token }),
  view: () => entered('GET', '/api/view'),
  /** by pointer; null removes */
  answer: (changes: Readonly<Record<string, unknown>>) => post<{ faults: Faults }>('/api/answer', { changes }),
  upload: (pointer: string, name: string, bytes: Blob) =>
    post<{ path: string }>(
      `/api/upload?${new URLSearchParams({ pointer, name })}`,
      new Blob([bytes], { type: 'application/octet-stream' }),
    ),
  page: (page: Page) => post<void>('/api/page', { page }),
  look: (look: Look) => post<void>('/api/look', { look }),
  serve: () => post<void>('/api/serve'),
  check: () => post<void>('/api/check'),
  install: () => post<void>('/api/install'),
  stop: () => post<void>('/api/stop'),
  steer: () => post<void>('/api/steer'),
  invite: () => post<{ url: string; fingerprint: string }>('/api/invite'),
  import: (text: string) => post<{ faults: Faults }>('/api/import', new Blob([text], { type: 'application/yaml' })),
  close: () => post<void>('/api/close'),
}

export const answersPath = '/api/answers.yaml'
export const reportPaths = { html: '/api/report.html', json: '/api/report.json' }
