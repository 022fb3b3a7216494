import { SignJWT } from 'jose'
import { fetchAgain } from './fetch-again.ts'

/** Answer of an internal call: JSON of at most 256 KiB, or nothing. */
export interface Answer {
  status: number
  body: unknown
}

/** Calls of the manager's /internal/ endpoints. */
export interface Manager {
  /** Throws where there is no answer within the time limit; every status is an answer. The manager may hear a call twice. */
  call(method: 'GET' | 'POST', path: string, body?: unknown): Promise<Answer>
}

/** Longest answer taken, in bytes. */
const longestAnswer = 262_144

/**
 * The manager's internal interface. `key` is shared by manager and envproxy and never crosses the network: each call
 * carries a token of a minute made with it (HS256). `timeoutMs` bounds the whole call.
 */
export function createManager(url: string, key: string, timeoutMs = 5_000): Manager {
  const secret = new TextEncoder().encode(key)
  return {
    async call(method, path, body) {
      const token = await new SignJWT({})
        .setProtectedHeader({ alg: 'HS256' })
        .setIssuer('envproxy')
        .setAudience('manager')
        .setIssuedAt()
        .setExpirationTime('60s')
        .sign(secret)
      const response = await fetchAgain(new URL(path, url), {
        method,
        redirect: 'error',
        headers: { authorization: `Bearer ${token}`, ...(body ? { 'content-type': 'application/json' } : {}) },
        ...(body ? { body: JSON.stringify(body) } : {}),
        signal: AbortSignal.timeout(timeoutMs),
      })
      const text = await capped(response)
      const json = response.headers.get('content-type')?.includes('json') && text !== ''
      return { status: response.status, body: json ? parse(text) : undefined }
    },
  }
}

/** What JSON.parse itself says of a fault quotes the text, which may hold a grant, and errors are logged. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Error('the manager answered with something that is not JSON')
  }
}

async function capped(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body ?? []) {
    length += chunk.length
    if (length > longestAnswer) throw new Error('the manager answers without end')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
