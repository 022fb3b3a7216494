import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { Refusal } from '../refusal.ts'

/** What a workspace answered: an ordinary answer or, with `upgraded`, a switch to another protocol. */
export interface WorkspaceAnswer {
  response: IncomingMessage
  upgraded?: { socket: Duplex; head: Buffer }
}

/** Bounds of an answer's head: bytes, and headers. */
export const answerBounds = { maxHeaderSize: 16_384, maxHeaders: 256 } as const

/**
 * Waits for the answer to a request and checks what Node would refuse to send on. A workspace writes these bytes, so
 * nothing is done with them inside a listener, where what is thrown has nobody to catch it: whoever awaits this does.
 * Throws a Refusal (502; 504 where the caller ends the request with one). 100, 102 and 103 end here, as Node has them do.
 */
export async function workspaceAnswer(outgoing: ClientRequest): Promise<WorkspaceAnswer> {
  let failure: Error | undefined
  // one more than allowed is enough to see that there are too many: Node leaves out the rest without a word
  outgoing.maxHeadersCount = answerBounds.maxHeaders + 1
  const answer = await new Promise<WorkspaceAnswer>((resolve, reject) => {
    outgoing.on('error', (error) => {
      failure = error
      reject(refusalOf(error))
    })
    outgoing.once('response', (response) => resolve({ response }))
    outgoing.once('upgrade', (response, socket, head) => {
      socket.on('error', () => {})
      resolve({ response, upgraded: { socket, head } })
    })
    outgoing.once('close', () => reject(refusalOf(undefined)))
  })
  const fault = faultOf(answer)
  // an answer that is whole stands, though its connection broke afterwards
  if (!fault && (!failure || answer.response.complete)) return answer
  answer.upgraded?.socket.destroy()
  outgoing.destroy()
  throw fault ? malformed(fault) : refusalOf(failure)
}

/** Why an answer can't go on; undefined where it can. */
function faultOf({ response, upgraded }: WorkspaceAnswer): string | undefined {
  const { statusCode = 0, rawHeaders } = response
  if (rawHeaders.length > answerBounds.maxHeaders * 2) return `more than ${answerBounds.maxHeaders} headers`
  return upgraded || (statusCode >= 200 && statusCode <= 599) ? undefined : `status ${statusCode}`
}

/** What a client is told of an answer that is not sound HTTP. `cause` goes to the log. */
export const malformed = (cause: unknown): Refusal =>
  new Refusal(502, 'WORKSPACE_MALFORMED', 'The workspace answered with what is no sound HTTP.', toError(cause))

const toError = (cause: unknown): Error | undefined =>
  cause === undefined || cause instanceof Error ? cause : new Error(String(cause))

/** What a client is told of a failure on the way to a workspace. */
export function refusalOf(error: Error | undefined): Refusal {
  if (error instanceof Refusal) return error
  // llhttp's: what came was not HTTP, or too much of it
  if ((error as NodeJS.ErrnoException | undefined)?.code?.startsWith('HPE_')) return malformed(error)
  return new Refusal(502, 'WORKSPACE_UNREACHABLE', 'The workspace can not be reached; is it running?', error)
}
