import { ApiError } from '../errors.ts'

/** Longest label of a DNS name, in characters (RFC 1035, section 2.3.4). */
const longest = 63

/** Doors of a workspace that have tickets of their own; no dev URL leads there. */
export const reservedPorts: readonly number[] = [12212, 13337, 26337]

/**
 * The first part of a dev URL's host name: `<port>-<workspace>-<user>`, where a dot or an underscore of the user's name is
 * a hyphen. Two workspaces can have the same one; the database gives it to one of them.
 * @throws ApiError 400 DEV_URL_PORT, DEV_URL_LABEL_LONG
 */
export function labelOf(port: number, workspace: string, user: string): string {
  if (reservedPorts.includes(port))
    throw new ApiError(400, 'DEV_URL_PORT', `port ${port} is the workspace's own`, {
      why: 'terminals, the editor and SSH are opened by the platform itself',
      fix: 'let the server listen on another port',
    })
  const label = `${port}-${workspace}-${user}`.replace(/[._]/g, '-')
  if (label.length > longest)
    throw new ApiError(400, 'DEV_URL_LABEL_LONG', `the name ${label} is longer than DNS allows`, {
      why: `it has ${label.length} characters; a part of a host name has at most ${longest}`,
      fix: 'use a workspace with a shorter name',
    })
  return label
}
