import { firstOf, meant, type Said } from './said.ts'

/** How a host name of the platform has to be, beyond RFC 1123, 2.1. */
interface HostRules {
  /** characters, at most */
  longest: number
  /** whether it has at least two parts */
  dotted: boolean
  example: string
}

/** The name by which browsers reach the platform. An Ingress takes no address, no wildcard and no final dot as host. */
export const siteHost = { longest: 253, dotted: false, example: 'cde.site.example' }
/** A name below which others are put: `8000-box-ann.` and the like, 63 characters and a dot at most. */
export const domain = { longest: 189, dotted: true, example: 'dev.site.example' }

const scheme = /^\s*[a-z][a-z0-9+.-]*:\/\//i
const v4 = /^\d+\.\d+\.\d+\.\d+(:\d*)?$/
const v6 = /^\[?[0-9a-f]*:[0-9a-f:.]*:[0-9a-f:.]*\]?(:\d*)?$/i

const sayings: readonly (readonly [RegExp, string])[] = [
  [scheme, 'it is a URL, and only its host name is needed'],
  [/^\s|\s$/, 'it has a space at its beginning or end'],
  [v4, 'it is an address, not a name: certificates, cookies and dev URLs need a name'],
  [v6, 'it is an address, not a name: certificates, cookies and dev URLs need a name'],
  [/\s/, 'it has a space in it'],
  [/@/, 'it names a user'],
  [/[/?#]/, 'it has a path, and only the host name is needed'],
  [/:\d*$/, 'it has a port, and browsers come to 443'],
  [/^\*\./, 'it begins with *., and the name itself is needed'],
  [/[^\x00-\x7f]/, 'it has letters other than a to z, which DNS writes in another way'],
  [/[A-Z]/, 'it has upper-case letters'],
  [/_/, 'it has an underscore, which names of hosts have not'],
  [/[^a-z0-9.-]/, 'it has a character that names of hosts have not'],
  [/\.$/, 'it ends with a dot'],
  [/^\.|\.\./, 'it has a dot with nothing before it'],
  [/(^|\.)-|-(\.|$)/, 'it has a part that begins or ends with -'],
  [/[^.]{64}/, 'it has a part of more than 63 characters'],
  // browsers read such a name as an address (URL standard, "ends in a number")
  [/(^|\.)[0-9]+$/, 'its last part is a number'],
]

/** What keeps a text from being a host name of the platform; undefined where nothing does. */
export function hostFault(text: string, { longest, dotted, example }: HostRules): Said | undefined {
  const fault = (candidate: string): string | undefined =>
    firstOf(candidate, sayings) ??
    (candidate.length > longest ? `it has more than ${longest} characters` : undefined) ??
    (dotted && !candidate.includes('.') ? 'it has one part only, and its domain is needed too' : undefined)
  const message = text === '' ? 'it is empty' : fault(text)
  if (message === undefined) return undefined
  const form = `lower-case letters, digits and -, in parts with dots between them, as in ${example}`
  return { message, fix: meant(likelyHost(text), text, (guess) => guess !== '' && fault(guess) === undefined, form) }
}

const serverSayings = sayings.filter(([pattern]) => pattern !== v4 && pattern !== v6)

/** The same for a server of the site that may also have an address only. */
export function serverFault(text: string): Said | undefined {
  const isAddress = (candidate: string): boolean =>
    /^[0-9a-f:.]+$/i.test(candidate) && URL.canParse(`http://${candidate.includes(':') ? `[${candidate}]` : candidate}`)
  const fault = (candidate: string): string | undefined =>
    /\d$/.test(candidate) && (v4.test(candidate) || v6.test(candidate)) && isAddress(candidate)
      ? undefined
      : firstOf(candidate, serverSayings)
  const message =
    text === '' ? 'it is empty' : fault(text)?.replace('browsers come to 443', 'that has a field of its own')
  if (message === undefined) return undefined
  const good = (guess: string) => guess !== '' && fault(guess) === undefined
  return { message, fix: meant(likelyHost(text), text, good, 'a host name or an address, as in db.site.example') }
}

/** The host name that a text probably means: out of a URL, without port, in the letters of DNS. */
export function likelyHost(text: string): string {
  const name = text
    .trim()
    .replace(scheme, '')
    .replace(/^[^/?#]*@/, '')
    .replace(/[/?#].*$/s, '')
    .replace(/^\*\./, '')
    .replace(/:\d*$/, '')
    .replace(/\.$/, '')
  if (!/[^\x00-\x7f]/.test(name)) return name.toLowerCase()
  return URL.parse(`http://${name}`)?.hostname ?? name
}
