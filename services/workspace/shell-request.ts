import { parseSize, type Size } from './size.ts'

/** What a client asks for when it connects. */
export interface ShellRequest {
  /** session to come back to; undefined for a new one */
  id: string | undefined
  size: Size
}

/** Session ids: 128 random bits as base64url. */
const idPattern = /^[A-Za-z0-9_-]{22}$/

/** Reads `/shell?id=&cols=&rows=`; undefined for any other path. A size that makes no sense becomes 80 by 24. */
export function parseShellRequest(target: string): ShellRequest | undefined {
  if (target.length > 2048 || !/^\/shell(\?|$)/.test(target)) return undefined
  const query = new URLSearchParams(target.slice('/shell'.length))
  const id = query.get('id') ?? ''
  return {
    id: idPattern.test(id) ? id : undefined,
    size: parseSize(Number(query.get('cols') ?? ''), Number(query.get('rows') ?? '')) ?? { cols: 80, rows: 24 },
  }
}
