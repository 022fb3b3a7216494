import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Login, passwordCheck } from './password.ts'
import { refusal } from './refusal.ts'
import { sendJson } from './send-json.ts'
import type { Tokens } from './token.ts'
import { tokenLifetime } from './token.ts'

export interface AccessOptions {
  login?: Login
  /** hands out tokens for the login (distribution, "Token Authentication"); a password with each request works too */
  tokens?: Tokens
  /** of the address that clients know: tokens are fetched there */
  scheme: 'http' | 'https'
}

/** Who may read: anyone, or who knows the login. */
export interface Access {
  /** @throws Refusal 401 */
  check(request: IncomingMessage): Promise<void>
  /** Answers a request for a token; false where it is none. @throws Refusal 401, 405 */
  answer(path: string, request: IncomingMessage, response: ServerResponse): Promise<boolean>
}

const tokenPath = '/token'

export function createAccess({ login, tokens, scheme }: AccessOptions): Access {
  if (!login) return { check: async () => {}, answer: async () => false }
  const isRight = passwordCheck(login)
  const unauthorized = (challenge: string) =>
    refusal(401, 'UNAUTHORIZED', 'a user and a password are needed', { 'www-authenticate': challenge })
  const basic = 'Basic realm="sealift", charset="UTF-8"'
  return {
    async check({ headers }) {
      if (isRight(headers.authorization)) return
      const token = /^bearer +([a-z0-9._-]{1,2048})$/i.exec(headers.authorization ?? '')?.[1]
      if (tokens && token !== undefined && (await tokens.check(token))) return
      const host = tokens && hostOf(headers.host)
      throw unauthorized(host ? `Bearer realm="${scheme}://${host}${tokenPath}",service="sealift"` : basic)
    },
    async answer(path, request, response) {
      if (!tokens || path !== tokenPath) return false
      // clients that try OAuth's POST first then come with GET
      if (request.method !== 'GET') throw refusal(405, 'UNSUPPORTED', 'tokens are fetched with GET', { allow: 'GET' })
      if (!isRight(request.headers.authorization)) throw unauthorized(basic)
      const token = await tokens.issue(login.username)
      const headers = { 'cache-control': 'no-store' }
      sendJson(response, { token, access_token: token, expires_in: tokenLifetime, issued_at: new Date() }, headers)
      return true
    },
  }
}

/** The host under which the client came: the realm must be one that its certificate check accepts. */
export const hostOf = (header: string | undefined): string | undefined =>
  /^([a-z0-9.-]{1,253}|\[[0-9a-f:.]{2,45}\])(:\d{1,5})?$/i.test(header ?? '') ? header : undefined
