import 'reflect-metadata'
import { isIP } from 'node:net'
import { Extension, GeneralName, X509Certificate } from '@peculiar/x509'
import { der, derElements } from '@sealift/bundle-spec/der.ts'

/** Name Constraints (RFC 5280, 4.2.1.10). */
const oid = '2.5.29.30'

/** Tags in DER: of the extension's parts, and of the types of GeneralName that it limits. */
const tag = { sequence: 0x30, permitted: 0xa0, excluded: 0xa1, email: 0x81, dns: 0x82, url: 0x86, address: 0x87 }

/** A name that nobody has (RFC 2606): where it is the only one of its type, that type is as good as forbidden. */
const nobody = Buffer.from('invalid')

/**
 * The critical extension that lets a CA sign for hosts, what is below their names, and nothing else; `*.` stands for
 * what is below. A type of name is limited only where one of it is permitted, so each has one. No address is nobody's:
 * where there is none among the hosts, all are excluded.
 */
export function nameConstraints(hosts: readonly string[]): Extension {
  const permitted = hosts.map(nameOf).map(({ type, value }) => {
    // an address goes with a mask that leaves only it
    const mask = Buffer.alloc(type === tag.address ? value.length : 0, 0xff)
    return { type, value: Buffer.concat([value, mask]) }
  })
  const has = (wanted: number) => permitted.some(({ type }) => type === wanted)
  for (const type of [tag.dns, tag.email, tag.url]) if (!has(type)) permitted.push({ type, value: nobody })
  const everywhere = has(tag.address) ? [] : [8, 32].map((size) => ({ type: tag.address, value: Buffer.alloc(size) }))
  const part = (type: number, names: Element[]) =>
    names.length === 0
      ? Buffer.alloc(0)
      : der(type, Buffer.concat(names.map((name) => der(tag.sequence, der(name.type, name.value)))))
  const parts = Buffer.concat([part(tag.permitted, permitted), part(tag.excluded, everywhere)])
  return new Extension(oid, true, new Uint8Array(der(tag.sequence, parts)))
}

/** Whether the name constraints of a CA let it sign for all of the hosts; undefined where it has none. */
export function permits(authority: string, hosts: readonly string[]): boolean | undefined {
  const extension = new X509Certificate(authority).getExtension(oid)
  if (!extension) return undefined
  const parts = decode(Buffer.from(extension.value)).flatMap(({ value }) => decode(value))
  const namesOf = (part: number) =>
    parts
      .filter(({ type }) => type === part)
      .flatMap(({ value }) => decode(value))
      .flatMap(({ value }) => decode(value).slice(0, 1))
  const [permitted, excluded] = [namesOf(tag.permitted), namesOf(tag.excluded)]
  return hosts.map(nameOf).every((host) => {
    const ofType = permitted.filter(({ type }) => type === host.type)
    const allowed = ofType.length === 0 || ofType.some((subtree) => covers(subtree, host))
    return allowed && !excluded.some((subtree) => covers(subtree, host))
  })
}

function covers(subtree: Element, host: Element): boolean {
  if (subtree.type !== host.type) return false
  if (host.type === tag.dns) {
    const above = subtree.value.toString('latin1').toLowerCase().replace(/^[.]/, '')
    return above === '' || `.${host.value.toString('latin1')}`.endsWith(`.${above}`)
  }
  const { length } = host.value
  const masked = (address: Buffer, i: number) => (address[i] as number) & (subtree.value[length + i] as number)
  return (
    subtree.value.length === 2 * length &&
    host.value.every((_, i) => masked(host.value, i) === masked(subtree.value, i))
  )
}

/** One element of DER. */
interface Element {
  type: number
  value: Buffer
}

/** A host as a GeneralName. */
function nameOf(host: string): Element {
  const name = host.toLowerCase().replace(/^[*][.]/, '')
  if (!isIP(name)) return { type: tag.dns, value: Buffer.from(name) }
  const [address] = decode(Buffer.from(new GeneralName('ip', name).rawData))
  return address as Element
}

/** The elements in some bytes; none where they are not DER. */
const decode = (bytes: Buffer): Element[] =>
  (derElements(bytes) ?? []).map(({ tag, content }) => ({ type: tag, value: content }))
