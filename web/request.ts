/** Why an API refused: what happened, and where they are known why and what helps. */
export type Refusal = { code: string; message: string; why?: string; fix?: string }

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
