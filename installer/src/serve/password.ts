import { createHash, timingSafeEqual } from 'node:crypto'

export interface Login {
  username: string
  password: string
}

/** Makes a check of an Authorization header (Basic) that takes the same time for every wrong login. */
export function passwordCheck({ username, password }: Login): (authorization: string | undefined) => boolean {
  const right = hash(`${username}:${password}`)
  return (authorization) => {
    const given = /^basic +([a-z0-9+/=_-]+)$/i.exec(authorization ?? '')?.[1]
    return given !== undefined && timingSafeEqual(hash(Buffer.from(given, 'base64').toString('utf8')), right)
  }
}

const hash = (text: string): Buffer => createHash('sha256').update(text).digest()
