import { checkRegistry } from '@sealift/bundle-spec/site.ts'
import { firstOf, meant, type Said } from './said.ts'

const sayings: readonly (readonly [RegExp, string])[] = [
  [/^\s*[a-z][a-z0-9+.-]*:\/\//i, 'it is a URL, and a registry is named without one'],
  [/\s/, 'it has a space in it'],
  [/@sha256:/, 'it names an image, and only the registry is needed'],
  [/@/, 'it names a user, which has a field of its own'],
  [/\/$/, 'it ends with /'],
  [/\/.*:/, 'it names a tag, and only the registry is needed'],
  [/[A-Z]/, 'it has upper-case letters'],
  [/^[0-9a-f]*:[0-9a-f:]*:[0-9a-f:]*$/i, 'it is an IPv6 address without brackets'],
  [
    /^(?!localhost(\/|$))[a-z0-9-]+(\/|$)/,
    'clients take it for a path at docker.io: its host has neither a dot nor a port',
  ],
]

/** What keeps a text from being the address of a registry; undefined where nothing does. */
export function registryFault(text: string): Said | undefined {
  const message =
    firstOf(text, sayings) ??
    (portOf(text) > 65535 ? 'it has a port above 65535' : undefined) ??
    (isRegistry(text) ? undefined : 'it is not the address of a registry')
  if (message === undefined) return undefined
  const form = 'host[:port] and a path where it has one, in lower case, for example registry.site.example:5000/mirror'
  return { message, fix: meant(likelyRegistry(text), text, isRegistry, form) }
}

const portOf = (text: string): number => Number(/^[^/]*:(\d+)(?:\/|$)/.exec(text)?.[1] ?? 0)

function isRegistry(text: string): boolean {
  try {
    return checkRegistry(text) === text && portOf(text) <= 65535
  } catch {
    return false
  }
}

const likelyRegistry = (text: string): string =>
  text
    .trim()
    .replace(/^[a-z][a-z0-9+.-]*:\/\//i, '')
    .replace(/@sha256:.*$/, '')
    .replace(/^[^/]*@/, '')
    .replace(/(\/.*):[^/:]*$/, '$1')
    .replace(/(\/v2)?\/*$/, '')
    .replace(/^([0-9a-f]*:[0-9a-f:]*:[0-9a-f:]*)$/i, '[$1]')
    .toLowerCase()
