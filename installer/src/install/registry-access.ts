import type { CompleteAnswers } from '../answers/schema.ts'
import type { RegistrySettings } from '../stores/registry/place.ts'
import { type RegistryStore, type RegistryStoreOptions, registryStore } from '../stores/registry/store.ts'
import { type ProxyAnswers, proxyOf } from './proxy-access.ts'
import { small, smallCa } from './small-file.ts'

/**
 * The site's registry as the answers describe it. What they say of it counts for its host alone: its password goes to no
 * other one. No file is read before the first request, which may end with USAGE_ANSWERS.
 */
export const siteRegistry = (answers: ProxyAnswers): RegistryStore => registryStore(siteRegistryOptions(answers))

/** The same, not yet opened. */
export function siteRegistryOptions(answers: ProxyAnswers): RegistryStoreOptions {
  const { address } = answers.registry
  const own = hostOf(address)
  return {
    origin: `registry ${address}`,
    dockerConfig: false,
    proxy: () => proxyOf(answers, process.env),
    registries: (host) => (host === own ? settingsOf(answers) : undefined),
  }
}

/** How the answers say that the site's registry is reached. @throws SealiftError USAGE_ANSWERS where a file can't be read */
function settingsOf(answers: Pick<CompleteAnswers, 'registry'>): RegistrySettings {
  const { plainHttp, username } = answers.registry
  const caPem = readRegistryCa(answers)
  const password = readRegistryPassword(answers)
  return {
    ...(caPem === undefined ? {} : { caPem }),
    ...(plainHttp ? { plainHttp } : {}),
    ...(username === undefined || password === undefined ? {} : { credentials: { username, password } }),
  }
}

/**
 * The registry that the answers' release is in: that of the site where it is the same host, else one that is reached as
 * `docker login` has left it. Either is also trusted by the CA that is named for it.
 */
export function releaseRegistry(
  answers: ProxyAnswers & Pick<CompleteAnswers, 'releaseCaFile'>,
  release: string,
  site: RegistryStore,
): RegistryStore {
  const [host, caFile] = [hostOf(release), answers.releaseCaFile]
  const isSite = host === hostOf(answers.registry.address)
  if (isSite && caFile === undefined) return site
  const both = (): RegistrySettings => {
    const { caPem, ...others } = isSite ? settingsOf(answers) : {}
    const named = caFile === undefined ? undefined : smallCa(caFile, 'releaseCaFile')
    const all = [named, caPem].filter((pem) => pem !== undefined)
    return { ...others, ...(all.length > 0 ? { caPem: all.join('\n') } : {}) }
  }
  return registryStore({
    origin: `registry ${host}`,
    ...(isSite ? { dockerConfig: false } : {}),
    proxy: () => proxyOf(answers, process.env),
    registries: (other) => (other === host ? both() : undefined),
  })
}

const hostOf = (address: string): string => address.split('/', 1)[0] as string

/** The password of the registry's user; undefined without a user. @throws SealiftError USAGE_ANSWERS */
export function readRegistryPassword({ registry }: Pick<CompleteAnswers, 'registry'>): string | undefined {
  if (registry.passwordFile === undefined) return undefined
  return small(registry.passwordFile, 'registry.passwordFile').replace(/\r?\n$/, '')
}

/** The CA (PEM) that signed the registry's certificate; undefined where none is named. @throws SealiftError USAGE_ANSWERS */
export const readRegistryCa = ({ registry: { caFile } }: Pick<CompleteAnswers, 'registry'>): string | undefined =>
  caFile === undefined ? undefined : smallCa(caFile, 'registry.caFile')
