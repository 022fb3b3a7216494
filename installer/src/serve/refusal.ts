/** A refusal in the OCI error format (distribution-spec, "Error Codes"). */
export class Refusal extends Error {
  readonly status: number
  readonly code: string
  readonly headers: Record<string, string>

  constructor(status: number, code: string, message: string, headers: Record<string, string>) {
    super(message)
    this.status = status
    this.code = code
    this.headers = headers
  }
}

/** `message` never repeats what the client sent. */
export const refusal = (status: number, code: string, message: string, headers: Record<string, string> = {}): Refusal =>
  new Refusal(status, code, message, headers)
