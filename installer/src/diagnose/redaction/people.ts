import { Pseudonyms } from './pseudonyms.ts'
import { personWord } from './secret-names.ts'

/** Names that are nobody's: accounts of systems and of the platform, and words that a log has for others. */
const nobody = new Set(
  (
    'admin administrator root system cde coder postgres postgresql nginx manager envproxy dashboard ingress workspace editor helm ' +
    'kubelet kube kubernetes kubernetes-admin default daemon nobody www-data anonymous unknown none null undefined true false user users owner service robot ci ' +
    'sealift node master controller-manager kube-controller-manager kube-scheduler kube-proxy cluster-admin public guest test dev ubuntu debian vagrant ec2-user core opc cloud-user'
  ).split(' '),
)

/** Names that are words of every log as well: replaced where a field says that they are names, not elsewhere. */
const words = new Set(
  (
    'error errors warn warning info debug trace fatal get list watch create update delete patch pod pods container image cluster log logs local ' +
    'namespace name time level msg message status failed started ready state event events summary versions version request response server client ' +
    'host path port data file files key value code secret token password session license and the for not from with has was are api app apps'
  ).split(' '),
)
/** shorter names are words by chance: they are replaced where a field says that they are names, not elsewhere */
const shortest = 3
/** names that are looked for everywhere */
const most = 10_000

const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'
/** of addresses that stand for others; nobody has it (RFC 2606, section 2) */
const pseudonymDomain = 'redacted.invalid'
/** endings of unit names of systemd, which look like mail addresses: getty@tty1.service */
const units = /\.(?:service|socket|target|timer|mount|slice|scope|device|path|swap)$/
const mail =
  /(?<![\p{L}\p{N}._+%-])([\p{L}\p{N}_](?:[\p{L}\p{N}._+-]{0,62}[\p{L}\p{N}_+-])?)(@|%40|\\u0040|&#64;)((?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?\.){1,8}[\p{L}]{2,24}|localhost)(?![\p{L}\p{N}@])/giu
const home = /((?:^|[^\w.-])\/(?:home|Users)\/)([^/\s"'\\:,;)]{1,64})/g
const field = new RegExp(
  `((?:^|[^A-Za-z])${personWord}(\\\\*["'])?\\s{0,3}([:=]|%3[Aa]|%3[Dd])\\s{0,3})(\\\\*["'])?([\\p{L}\\p{N}][\\p{L}\\p{N}._@+-]{0,127}(?: [\\p{Lu}][\\p{L}'-]{0,60}){0,3})`,
  'giu',
)
/** kinds of objects, codes of errors */
const camelCase = /^[A-Z][a-z]+[A-Z]/
const quotedUser = /((?:^|\s)(?:user(?:name)?|role|login|account) \\*["'])([^"'\\]{1,128})(\\*["'])/gi

/**
 * Names of people, replaced by `user-1`, `user-2`, …: mail addresses, whatever a field or label calls a user, those who
 * own a dev URL by its host name, home directories. A name that was learned is replaced wherever it stands as a word.
 */
export class People {
  readonly #users = new Pseudonyms('user')
  readonly #ends: string[] = []
  #host: RegExp | undefined
  #names = new Set<string>()
  #pattern: RegExp | undefined
  found = 0

  /** How many names have been learned: text that was cleaned when there were fewer may hold others. */
  get known(): number {
    return this.#names.size
  }

  /** What stands for a person; learns the name, unless it may be any word. Names of nobody stay. */
  pseudonym(name: string, learn = !camelCase.test(name)): string {
    const plain = name.trim().toLowerCase()
    if (plain === '' || nobody.has(plain) || /^(?:system:|user-\d+(?:@|$)|\d+$)/.test(plain) || isIdentifier(plain))
      return name
    this.found++
    if (learn && plain.length >= shortest && this.#names.size < most && !words.has(plain) && !this.#names.has(plain)) {
      this.#names.add(plain)
      this.#pattern = undefined
    }
    return this.#users.of(plain)
  }

  /** A host below which each name is `<port>-<workspace>-<user>`. */
  devUrlsBelow(host: string): void {
    const end = `.${host.toLowerCase()}`
    if (!/^[a-z0-9.-]{2,254}$/.test(end) || this.#ends.includes(end)) return
    this.#ends.push(end)
    const ends = this.#ends.map((end) => end.replaceAll('.', '\\.')).join('|')
    this.#host = new RegExp(`(?<![a-z0-9.-])(\\d{1,5})-(${label})(?=(?:${ends})(?![a-z0-9-]))`, 'gi')
  }

  /** Replaces what says by itself that it is a person's name, and every name that is known. */
  replace(text: string): string {
    let clean = text
    if (clean.includes('@') || /%40|u0040|#64/.test(clean))
      clean = clean.replace(mail, (all, local: string, at: string, domain: string) => {
        if (units.test(domain) || (local === 'git' && at === '@') || domain === pseudonymDomain) return all
        this.found++
        return `${this.#users.of(`${local}@${domain}`.toLowerCase())}${at}${pseudonymDomain}`
      })
    clean = clean
      .replace(field, (all, ...groups: (string | undefined)[]) => {
        const [before, quoted, sign, quote = '', name = ''] = groups
        // `login: timeout` may be a sentence, `login=ann` and `"login": "ann"` are not
        const sure = quoted !== undefined || quote !== '' || sign === '='
        const other = this.pseudonym(name, sure && !camelCase.test(name))
        return other === name ? all : `${before}${quote}${other}`
      })
      .replace(
        quotedUser,
        (_, before: string, name: string, after: string) => `${before}${this.pseudonym(name)}${after}`,
      )
      .replace(home, (_, before: string, name: string) => `${before}${this.pseudonym(name)}`)
    const lower = this.#host && clean.toLowerCase()
    if (this.#host && this.#ends.some((end) => lower?.includes(end)))
      clean = clean.replace(
        this.#host,
        (_, port: string, rest: string) => `${port}-${this.#labelOf(rest.toLowerCase())}`,
      )
    return this.names(clean)
  }

  /** Replaces the names that are known, wherever they stand as words. */
  names(text: string): string {
    if (this.#names.size === 0) return text
    this.#pattern ??= new RegExp(
      `(?<![\\p{L}\\p{N}])(?:${[...this.#names]
        .sort((a, b) => b.length - a.length)
        .map((name) => name.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&'))
        .join('|')})(?![\\p{L}\\p{N}])`,
      'giu',
    )
    return text.replace(this.#pattern, (name) => {
      this.found++
      return this.#users.of(name.toLowerCase())
    })
  }

  /** The workspace's name says as much as the user's. */
  #labelOf(rest: string): string {
    const user = [...this.#names].find((name) => rest.endsWith(`-${name.replace(/[._]/g, '-')}`))
    this.found++
    return `workspace-${this.#users.of(user ?? rest)}`
  }
}

/** An identifier of the platform: ten characters from a-z and 0-9, by chance hardly ever without a number. */
const isIdentifier = (name: string): boolean => /^[a-z0-9]{10}$/.test(name) && /\d/.test(name)
