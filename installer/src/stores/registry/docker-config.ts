import { homedir } from 'node:os'
import { join } from 'node:path'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
import { isMissing } from '../../input/regular-file.ts'
import { readSmallText } from '../../input/small-file.ts'
import { askHelper } from './credential-helper.ts'
import type { Credentials } from './tokens.ts'

interface Auth {
  auth?: string
  username?: string
  password?: string
  identitytoken?: string
  registrytoken?: string
}

/** Where `docker login` keeps credentials. */
export const dockerConfigPath = (env: NodeJS.ProcessEnv): string =>
  join(env.DOCKER_CONFIG || join(homedir(), '.docker'), 'config.json')

/** The login for a registry host, where there is one. */
export type Logins = (host: string) => Promise<Credentials | undefined>

interface Config {
  auths?: Record<string, Auth>
  credsStore?: string
  credHelpers?: Record<string, string>
}

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
  const auths = new Map<string, { name: string; auth: Auth }>()
  const helpers = new Map<string, string>()
  let config: Config
  try {
    config = JSON.parse(text) ?? {}
    for (const [name, auth] of Object.entries(config.auths ?? {})) auths.set(hostOf(name), { name, auth })
    for (const [name, helper] of Object.entries(config.credHelpers ?? {})) helpers.set(hostOf(name), String(helper))
  } catch {
    // the parser's message would quote the text, which holds passwords
    throw new SealiftError('USAGE_DOCKER_CONFIG', `${path} is not JSON`, { fix: `jq . ${path}` })
  }
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
