/** A part of a repository's name; one letter is enough (OCI distribution-spec, "Pulling manifests", `<name>`). */
const component = '[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*'

/** One or more parts, as the source of a pattern. */
export const repositoryPath = `${component}(/${component})*`

const pathPattern = new RegExp(`^${repositoryPath}$`)
const tagPattern = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/

/** Whether a text is the name of a repository at its registry: without host, tag and digest. */
export const isRepositoryPath = (text: string): boolean => text.length <= 255 && pathPattern.test(text)

/** Whether a text can be a tag (distribution-spec, `<reference>`). */
export const isTag = (text: string): boolean => tagPattern.test(text)

/**
 * Whether the first part of a name is a host: every client takes another one for a path at docker.io (distribution,
 * reference.ParseNormalizedNamed).
 */
export const namesHost = (first: string): boolean => /[.:]/.test(first) || first === 'localhost'
