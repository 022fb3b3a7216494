import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { mirroredStore } from '../stores/registry/mirrors.ts'
import { type RegistryStore, type RegistryStoreOptions, registryStore } from '../stores/registry/store.ts'
import { parseDuration } from './duration.ts'
import { readCa, readText } from './files.ts'
import type { RegistryArguments } from './options.ts'
import { type Registries, readRegistries } from './registries-file.ts'

/**
 * Opens registries as the flags say. CA and user count for `hosts` only, where the registries really are: any other host
 * takes its login from docker's configuration, so that a password never goes to one that it was not given for.
 * @throws SealiftError USAGE_FILE, USAGE_ARGUMENTS, USAGE_REGISTRIES, USAGE_DURATION
 */
export async function registryFrom(
  args: RegistryArguments,
  hosts: readonly string[],
  mirrors: Readonly<Record<string, string>> = {},
): Promise<RegistryStore> {
  return await open(args, hosts, mirrors, await fileOf(args))
}

/**
 * Registries to read from: as `registryFrom`, with the mirrors of the registries file before each.
 * @throws SealiftError USAGE_REGISTRIES, USAGE_FILE, USAGE_ARGUMENTS, USAGE_DURATION
 */
export async function sourceRegistryFrom(
  ...[args, hosts, mirrors = {}]: Parameters<typeof registryFrom>
): Promise<RegistryStore> {
  const file = await fileOf(args)
  return mirroredStore(await open(args, hosts, mirrors, file), file.mirrors)
}

/** As `registryFrom`, not yet opened: who looks on while they are asked opens them. */
export const registryOptions = async (
  args: RegistryArguments,
  hosts: readonly string[],
): Promise<RegistryStoreOptions> => await optionsOf(args, hosts, {}, await fileOf(args))

const fileOf = async ({ registries }: RegistryArguments): Promise<Registries> =>
  registries === undefined ? { settings: {}, mirrors: {} } : await readRegistries(registries)

const open = async (...args: Parameters<typeof optionsOf>): Promise<RegistryStore> =>
  registryStore(await optionsOf(...args))

async function optionsOf(
  args: RegistryArguments,
  hosts: readonly string[],
  mirrors: Readonly<Record<string, string>>,
  known: Registries,
): Promise<RegistryStoreOptions> {
  const { registryCa, registryUsername: username, registryPasswordFile: file } = args
  if ((username === undefined) !== (file === undefined))
    throw new SealiftError('USAGE_ARGUMENTS', '--registry-username and --registry-password-file go together')
  if (hosts.length === 0 && (registryCa !== undefined || username !== undefined))
    throw new SealiftError('USAGE_ARGUMENTS', 'it is not said which registry the --registry-… flags are for', {
      fix: 'add --registry HOST[:PORT], or use docker login',
    })
  const patience = patienceOf(args)
  const password = file === undefined ? undefined : (await readText(file, 'password')).trimEnd()
  const settings = {
    ...(registryCa === undefined ? {} : { caPem: await readCa(registryCa) }),
    ...(username === undefined || password === undefined ? {} : { credentials: { username, password } }),
  }
  const flags = Object.fromEntries(hosts.map((host) => [host, { ...known.settings[host], ...settings }]))
  return { registries: { ...known.settings, ...flags }, mirrors, ...(patience === undefined ? {} : { patience }) }
}

/** Milliseconds that a registry may let a request wait, where it is said. @throws SealiftError USAGE_DURATION */
export const patienceOf = ({ patience }: Pick<RegistryArguments, 'patience'>): number | undefined =>
  patience === undefined ? undefined : parseDuration(patience, '--patience') * 1000

/** The host of `host[:port]/path`. */
export const hostOf = (registry: string): string => registry.split('/', 1)[0] as string
