import { readFile } from 'node:fs/promises'
import type { IncomingHttpHeaders } from 'node:http'
import { request } from 'node:https'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Registry } from '../images/push.ts'

/** milliseconds without an answer, bytes of one */
const patience = 60_000
const answerLimit = 8 << 20

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  body: Buffer
}

export interface Call {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT'
  /** path with query, or a whole address where the registry named one */
  to: string
  body?: Uint8Array
  type?: string
  accept?: string
  /** statuses that are an answer; any other is an error */
  expect: readonly number[]
}

/**
 * A few words to a registry, for small documents: images go by skopeo, which cannot send an artifact with its subject.
 * Logs in by password or token (distribution-spec, "Authentication"), and never with another host than the registry's own
 * token server.
 * @throws SealiftError BUILD_REGISTRY
 */
export async function registryCalls(
  { host, caFile, username, password }: Registry,
  repository: string,
  signal?: AbortSignal,
): Promise<(call: Call) => Promise<Answer>> {
  const ca = caFile === undefined ? undefined : await readFile(caFile, 'utf8')
  const basic =
    username === undefined ? undefined : `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}`
  let authorization: string | undefined

  const send = (url: URL, { method, body, type, accept }: Call, headers: Record<string, string>) =>
    new Promise<Answer>((resolve, reject) => {
      const asked = request(
        url,
        {
          method,
          headers: {
            ...headers,
            ...(accept === undefined ? {} : { accept }),
            ...(type === undefined ? {} : { 'content-type': type }),
            'content-length': body?.length ?? 0,
          },
          ...(ca === undefined ? {} : { ca }),
          timeout: patience,
          ...(signal ? { signal } : {}),
        },
        (answer) => {
          const chunks: Buffer[] = []
          let size = 0
          answer.on('data', (chunk: Buffer) => {
            size += chunk.length
            if (size > answerLimit) answer.destroy(new Error('it answers without end'))
            else chunks.push(chunk)
          })
          answer.once('error', reject)
          answer.once('end', () =>
            resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks) }),
          )
        },
      )
      asked.once('timeout', () => asked.destroy(new Error(`no answer in ${patience} ms`)))
      asked.once('error', reject)
      asked.end(body)
    })

  async function logIn(challenge: string): Promise<string | undefined> {
    if (!/^bearer /i.test(challenge)) return basic
    const value = (key: string) => new RegExp(`${key}="([^"]*)"`, 'i').exec(challenge)?.[1]
    const url = new URL(value('realm') ?? '')
    if (url.protocol !== 'https:') throw new Error('its token server is not reached by HTTPS')
    const service = value('service')
    if (service !== undefined) url.searchParams.set('service', service)
    url.searchParams.set('scope', `repository:${repository}:pull,push`)
    const { status, body } = await send(
      url,
      { method: 'GET', to: '', expect: [] },
      basic ? { authorization: basic } : {},
    )
    const { token, access_token } = status === 200 ? JSON.parse(body.toString()) : {}
    return `Bearer ${token ?? access_token}`
  }

  return async (call) => {
    const what = `${call.method} ${call.to.replace(/\?.*/, '')} at ${host}`
    try {
      const url = new URL(call.to, `https://${host}`)
      const own = url.host === host
      let answer = await send(url, call, own && authorization ? { authorization } : {})
      if (answer.status === 401 && own) {
        authorization = await logIn(answer.headers['www-authenticate'] ?? '')
        answer = await send(url, call, authorization ? { authorization } : {})
      }
      if (call.expect.includes(answer.status)) return answer
      throw new Error(`status ${answer.status}: ${answer.body.toString().slice(0, 300)}`)
    } catch (cause) {
      if (signal?.aborted) throw cause
      throw new SealiftError('BUILD_REGISTRY', `${what} failed`, {
        why: (cause as Error).message,
        fix: 'check address, CA and login of the registry',
        cause,
      })
    }
  }
}
