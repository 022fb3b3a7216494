import { readFileSync, statSync } from 'node:fs'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { CompleteAnswers } from '../answers/schema.ts'
import { type RegistryStore, registryStore } from '../stores/registry/store.ts'

/**
 * The site's registry as the answers describe it.
 * @throws SealiftError USAGE_ANSWERS
 */
export function siteRegistry(answers: CompleteAnswers): RegistryStore {
  const { address, caFile, plainHttp, username } = answers.registry
  const password = readRegistryPassword(answers)
  return registryStore({
    origin: `registry ${address}`,
    dockerConfig: false,
    registries: () => ({
      ...(caFile === undefined ? {} : { caPem: small(caFile, 'registry.caFile') }),
      ...(plainHttp ? { plainHttp } : {}),
      ...(username === undefined || password === undefined ? {} : { credentials: { username, password } }),
    }),
  })
}

/** The password of the registry's user; undefined without a user. @throws SealiftError USAGE_ANSWERS */
export function readRegistryPassword({ registry }: CompleteAnswers): string | undefined {
  if (registry.passwordFile === undefined) return undefined
  return small(registry.passwordFile, 'registry.passwordFile').replace(/\r?\n$/, '')
}

/** The text of a small file that an answer names. @throws SealiftError USAGE_ANSWERS */
export function small(file: string, field: string): string {
  try {
    const info = statSync(file)
    if (!info.isFile() || info.size > 256 * 1024) throw new Error('it is not a small file')
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new SealiftError('USAGE_ANSWERS', `the file of the answer ${field} cannot be read: ${file}`, {
      why: (cause as Error).message,
      fix: `ls -l ${file}`,
      cause,
    })
  }
}
