import { homedir } from 'node:os'
import { join } from 'node:path'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
import Type, { type Static } from 'typebox'
import Value from 'typebox/value'
import { isMissing } from '../../input/regular-file.ts'
import { readSmallText } from '../../input/small-file.ts'
import { askHelper } from './credential-helper.ts'
import type { Credentials } from './tokens.ts'

const word = Type.Optional(Type.String())
const Auth = Type.Object({ auth: word, username: word, password: word, identitytoken: word, registrytoken: word })
type Auth = Static<typeof Auth>

/** Where `docker login` keeps credentials. */
export const dockerConfigPath = (env: NodeJS.ProcessEnv): string =>
  join(env.DOCKER_CONFIG || join(homedir(), '.docker'), 'config.json')

/** The login for a registry host, where there is one. */
export type Logins = (host: string) => Promise<Credentials | undefined>

/** What of the file counts here; docker keeps more in it. */
const Config = Type.Object({
  auths: Type.Optional(Type.Record(Type.String(), Auth)),
  credsStore: word,
  credHelpers: Type.Optional(Type.Record(Type.String(), Type.String())),
})

/**
 * Reads docker's configuration: `credHelpers` for a host, else `credsStore`, else what `docker login` left in `auths`.
 * Helpers are asked when a host's login is first needed. A file that is not there holds none.
 * @throws SealiftError USAGE_DOCKER_CONFIG; the lookup USAGE_CREDENTIAL_HELPER
 */
export async function readDockerConfig(path: string): Promise<Logins> {
  let text: string
  try {
    text = readSmallText(
      path,
      limits.dockerConfig,
      (why, cause) =>
        new SealiftError('USAGE_DOCKER_CONFIG', `${path} cannot be read`, { why, fix: `ls -l ${path}`, cause }),
    )
  } catch (error) {
    if (isMissing(error)) return async () => undefined
    throw error
  }
  const config = parseConfig(text, path)
  const entries = Object.entries(config.auths ?? {})
  const auths = new Map(entries.map(([name, auth]) => [hostOf(name), { name, auth }]))
  const helpers = new Map(Object.entries(config.credHelpers ?? {}).map(([name, helper]) => [hostOf(name), helper]))
  return async (registry) => {
    const host = registry === 'docker.io' ? 'index.docker.io' : registry
    const known = auths.get(host)
    const server = host === 'index.docker.io' ? 'https://index.docker.io/v1/' : host
    const helper = helpers.get(host) ?? helpers.get(registry)
    if (helper) return await askHelper(helper, server)
    const own = credentialsOf(known?.auth)
    if (own || !config.credsStore) return own
    // `docker login` leaves an empty entry for what is in the store, under the name that it gave it
    return await askHelper(config.credsStore, known?.name ?? server)
  }
}

/** Neither the parser's words nor a value are told: the text holds passwords. */
function parseConfig(text: string, path: string): Static<typeof Config> {
  let value: unknown
  try {
    // to docker, null is as nothing
    value = JSON.parse(text, (_, one) => one ?? undefined) ?? {}
  } catch {
    throw new SealiftError('USAGE_DOCKER_CONFIG', `${path} is not JSON`, { fix: `jq . ${path}` })
  }
  if (Value.Check(Config, value)) return value
  const [first] = Value.Errors(Config, value)
  throw new SealiftError('USAGE_DOCKER_CONFIG', `${path} is not a configuration of docker`, {
    why: `${first?.instancePath || 'it'} ${first?.message ?? 'does not fit'}`,
    fix: 'docker login writes it',
  })
}

/** Keys are hosts or URLs: `registry.example:5000`, `https://index.docker.io/v1/`. */
const hostOf = (name: string): string => name.replace(/^https?:\/\//, '').replace(/\/.*$/, '')

function credentialsOf(auth: Auth | undefined): Credentials | undefined {
  if (!auth) return undefined
  if (auth.registrytoken) return { registryToken: auth.registrytoken }
  if (auth.identitytoken) return { identityToken: auth.identitytoken }
  if (auth.username && auth.password !== undefined) return { username: auth.username, password: auth.password }
  const pair = Buffer.from(auth.auth ?? '', 'base64').toString('utf8')
  const colon = pair.indexOf(':')
  return colon > 0 ? { username: pair.slice(0, colon), password: pair.slice(colon + 1) } : undefined
}
