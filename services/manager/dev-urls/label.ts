import { ApiError } from '../errors.ts'

/** Longest label of a DNS name, in characters (RFC 1035, section 2.3.4). */
const longest = 63

/** Where the editor of a workspace listens. */
export const editorPort = 13337
/** Doors of a workspace that the platform itself opens; nobody adds a dev URL for them. */
export const reservedPorts: readonly number[] = [12212, editorPort, 26337]

/** The label of a workspace's editor. Those of dev URLs begin with a number. */
export const editorLabel = (workspace: string): string => `ide-${workspace}`
/** The workspace whose editor has this label; undefined for a label of a dev URL. */
export const workspaceOfEditor = (label: string): string | undefined => /^ide-([a-z0-9]{10})$/.exec(label)?.[1]
export const labelPattern = '^([0-9]{1,5}-[a-z0-9-]{1,61}|ide-[a-z0-9]{10})$'

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
