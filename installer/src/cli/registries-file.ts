import { dirname, resolve } from 'node:path'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
import Type from 'typebox'
import Value from 'typebox/value'
import { readSmallText } from '../input/small-file.ts'
import { parseYaml, placeIn } from '../input/yaml.ts'
import type { Mirrors } from '../stores/registry/mirrors.ts'
import type { RegistrySettings } from '../stores/registry/place.ts'
import { readCa, readText } from './files.ts'

const Host = Type.Object(
  {
    mirrors: Type.Optional(Type.Array(Type.String({ description: 'HOST[:PORT][/PATH], best first' }))),
    ca: Type.Optional(Type.String({ description: 'file with CA certificates (PEM), relative to this one' })),
    username: Type.Optional(Type.String()),
    passwordFile: Type.Optional(Type.String({ description: 'relative to this file' })),
    helper: Type.Optional(Type.String({ description: 'NAME of the program docker-credential-NAME' })),
    plainHttp: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
)

/** The file that `--registries` names. docs/vendor.md describes it. */
export const RegistriesFile = Type.Object(
  { registries: Type.Record(Type.String(), Host) },
  { additionalProperties: false },
)

export interface Registries {
  settings: Record<string, RegistrySettings>
  mirrors: Mirrors
}

/**
 * Reads how registries are reached. Paths in the file are relative to it; secrets stand in files of their own.
 * @throws SealiftError USAGE_REGISTRIES naming the field and its line, USAGE_FILE
 */
export async function readRegistries(path: string): Promise<Registries> {
  const bad = (where: string, why: string, cause?: unknown) =>
    new SealiftError('USAGE_REGISTRIES', `${where} does not say how registries are reached`, {
      why,
      fix: 'docs/vendor.md, "Registries", shows a whole one',
      cause,
    })
  const text = readSmallText(path, limits.configuration, (why, cause) => bad(path, why, cause))
  const { value, placeOf } = parseYaml(text, (why, at, cause) => bad(placeIn(path, at), why, cause))
  const placeAt = (field: readonly string[]): string => `${path}:${placeOf(field).line}`
  if (!Value.Check(RegistriesFile, value)) {
    const [first] = Value.Errors(RegistriesFile, value)
    const field = (first?.instancePath ?? '').split('/').slice(1)
    throw bad(placeAt(field), `${field.join('.') || 'it'} ${first?.message ?? 'does not fit'}`)
  }
  const here = dirname(resolve(path))
  const settings: Record<string, RegistrySettings> = {}
  const mirrors: Record<string, readonly string[]> = {}
  for (const [host, entry] of Object.entries(value.registries)) {
    const where = placeAt(['registries', host])
    const { username, passwordFile, helper, ca, plainHttp } = entry
    if ((username === undefined) !== (passwordFile === undefined))
      throw bad(where, 'username and passwordFile go together')
    if (username !== undefined && helper !== undefined) throw bad(where, 'it has a helper and a username')
    settings[host] = {
      ...(ca === undefined ? {} : { caPem: await readCa(resolve(here, ca)) }),
      ...(username === undefined || passwordFile === undefined
        ? {}
        : { credentials: { username, password: (await readText(resolve(here, passwordFile), 'password')).trimEnd() } }),
      ...(helper === undefined ? {} : { helper }),
      ...(plainHttp === undefined ? {} : { plainHttp }),
    }
    if (entry.mirrors) mirrors[host] = entry.mirrors
  }
  return { settings, mirrors }
}
