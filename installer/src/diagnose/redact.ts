import { Addresses } from './redaction/addresses.ts'
import { removeEncoded } from './redaction/encoded-text.ts'
import { harvest, harvestStructure } from './redaction/harvest.ts'
import { keyBlocks } from './redaction/key-blocks.ts'
import { KnownValues } from './redaction/known-values.ts'
import { People } from './redaction/people.ts'
import { removeShapes } from './redaction/shapes.ts'
import { cleanStructure } from './redaction/structure.ts'

/** characters of a line that are kept */
export const longestLine = 16 * 1024
/** characters behind the end of a line that are looked at and dropped: a secret may begin before it and end behind */
const overlap = 8 * 1024

/** How much was taken out, by kind. */
export interface Removed {
  /** values that are known, found wherever they stand */
  knownSecrets: number
  /** what is secret by its name or its shape */
  secrets: number
  people: number
  clientAddresses: number
}

/**
 * Takes secrets and personal data out of whatever goes into the archive. Pure: it reads and writes nothing. First it is
 * told what it must find (secrets) and what is nobody's (addresses of the site); then texts go through it.
 */
export class Redactor {
  readonly #known = new KnownValues()
  readonly #people = new People()
  readonly #addresses = new Addresses()
  readonly #count = { knownSecrets: 0, secrets: 0 }

  get removed(): Removed {
    return { ...this.#count, people: this.#people.found, clientAddresses: this.#addresses.found }
  }

  /** whether there were more secrets than are looked for */
  get full(): boolean {
    return this.#known.full
  }

  /** A value of a Secret (or of a file of secrets): all of it that is secret is found from now on, however it is written. */
  learnSecret(key: string, value: string): void {
    harvest(key, value, (secret, whole) => this.#known.add(secret, whole))
  }

  /** A configuration in which secrets stand behind their names. */
  learnSecretsIn(structure: unknown): void {
    harvestStructure(structure, (secret, whole) => this.#known.add(secret, whole))
  }

  learnPerson(name: string): void {
    this.#people.pseudonym(name)
  }

  /** A host below which names are `<port>-<workspace>-<user>`. */
  learnDevUrlsHost(host: string): void {
    this.#people.devUrlsBelow(host)
  }

  /** An address, or a network in CIDR notation, that is the site's own and stays readable. */
  learnOwnAddress(address: string): void {
    this.#addresses.own(address)
  }

  /** All addresses in a text of the site's own, an object of Kubernetes for example. */
  learnOwnAddressesIn(text: string): void {
    this.#addresses.ownIn(text)
  }

  /** Cleans any text. Lines longer than `longestLine` are cut. */
  text(text: string): string {
    if (!text.includes('\n')) return this.lines()(text)
    return text.split('\n').map(this.lines()).join('\n')
  }

  /** Cleans the lines of one text, which must come in their order: a private key goes over several. */
  lines(): (line: string) => string {
    const block = keyBlocks()
    return (long) => {
      const cut = long.length > longestLine + overlap
      const { text: line, found } = this.#known.replace(cut ? long.slice(0, longestLine + overlap) : long)
      this.#count.knownSecrets += found
      const inBlock = block(line)
      this.#count.secrets += inBlock.found
      const clean = inBlock.open ? inBlock.text : this.#cleanLine(inBlock.text)
      // the end of what was looked at may be half a secret
      return cut ? `${clean.slice(0, -overlap)}… [${long.length} characters]` : clean
    }
  }

  /** As `lines`, for what is written by those who serve people: clients' addresses are replaced as well. */
  logLines(): (line: string) => string {
    const clean = this.lines()
    return (line) => this.#addresses.replace(clean(line))
  }

  /** A structure of JSON without what is secret or personal in it; of Secrets only names, types and lengths are left. */
  structure(value: unknown): unknown {
    return cleanStructure(value, {
      text: (text) => this.text(text),
      person: (name) => this.#people.pseudonym(name),
      onRemoved: () => {
        this.#count.secrets++
      },
    })
  }

  /** Replaces the people who have become known since a text was cleaned. */
  names(text: string): string {
    return this.#people.names(text)
  }

  #cleanLine(line: string): string {
    const plain = removeEncoded(line, (decoded) => this.#known.isIn(decoded) || removeShapes(decoded).found > 0)
    const { text, found } = removeShapes(plain.text)
    this.#count.secrets += plain.found + found
    return this.#people.replace(text)
  }
}
