/** The parts of an image reference: host, path, and what follows (`:tag`, `@digest` or both). */
export type Reference = { host: string; repository: string; tag: string | undefined; suffix: string }

const pattern =
  /^(?<host>[a-z0-9.-]+(?::[0-9]{1,5})?)\/(?<repository>[a-z0-9]+(?:[._/-]+[a-z0-9]+)*)(?<suffix>(?::(?<tag>[\w][\w.-]{0,127}))?(?:@sha256:[0-9a-f]+)?)$/

/** Reads a full reference, with its host (the grammar of the OCI distribution spec). @throws Error */
export function parseReference(text: string): Reference {
  const { host, repository, tag, suffix } = pattern.exec(text)?.groups ?? {}
  if (host === undefined || repository === undefined || !suffix)
    throw new Error(`${text.slice(0, 200)} is not host/repository with a tag or a digest`)
  return { host, repository, tag, suffix }
}
