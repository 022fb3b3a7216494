import type { ServerResponse } from 'node:http'

/** Sends a small document. Node leaves the body out for HEAD. */
export function sendJson(
  response: ServerResponse,
  value: unknown,
  headers: Record<string, string> = {},
  status = 200,
): void {
  const body = Buffer.from(JSON.stringify(value))
  response
    .writeHead(status, { 'content-type': 'application/json', ...headers, 'content-length': body.length })
    .end(body)
}
