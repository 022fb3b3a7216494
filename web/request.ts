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

/** Asks the API at this origin. A Blob is sent as it is, anything else as JSON. @throws ApiFailure */
export const call = async <T>(
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<T> => (await send<T>(method, path, body, headers)).body

/** The same, with the headers of the answer. @throws ApiFailure */
export async function send<T>(
  method: string,
  path: string,
  body?: unknown,
  more: Readonly<Record<string, string>> = {},
): Promise<{ body: T; headers: Headers }> {
  const raw = body instanceof Blob
  let response: Response
  try {
    response = await fetch(path, {
      method,
      credentials: 'same-origin',
      signal: AbortSignal.timeout(timeLimit),
      headers: {
        ...(body === undefined ? {} : { 'content-type': raw ? body.type : 'application/json' }),
        ...more,
      },
      ...(body === undefined ? {} : { body: raw ? body : JSON.stringify(body) }),
    })
  } catch {
    throw new ApiFailure(0, { code: 'UNREACHABLE', message: 'The server does not answer.', fix: 'Check your network.' })
  }
  const { headers } = response
  if (response.status === 204) return { body: undefined as T, headers }
  const answer: unknown = await response.json().catch(() => undefined)
  if (response.ok && answer !== undefined) return { body: answer as T, headers }
  if (response.status === 401) tellSignedOut()
  throw new ApiFailure(
    response.status,
    refusalIn(answer) ?? {
      code: `HTTP_${response.status}`,
      message: `The server answered with status ${response.status}.`,
    },
  )
}

/** What an answer says of a failure: the platform's APIs say it at the top, the installer's below `error`. */
function refusalIn(answer: unknown): Refusal | undefined {
  const { error = answer } = (answer ?? {}) as { error?: unknown }
  return typeof (error as Partial<Refusal> | undefined)?.message === 'string' ? (error as Refusal) : undefined
}
