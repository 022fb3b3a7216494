import { parseChartYaml } from '../../input/yaml.ts'
import { isPublic } from './key-blocks.ts'
import { shortestSecret } from './known-values.ts'
import { namesSecret } from './secret-names.ts'
import { isRandom } from './shapes.ts'

/** Takes a secret; `whole`: only all of it is one, not its pieces. */
export type Take = (value: string, whole?: boolean) => void

/** Values that are no secrets although they stand in a Secret: words that every log has. */
const words = new Set(
  (
    'true false null none yes no on off default admin administrator root user users guest cde postgres postgresql mysql redis nginx ' +
    'manager envproxy dashboard ingress workspace database localhost localdomain kubernetes cluster opaque require disable prefer ' +
    'verify-ca verify-full http https tcp udp password secret token key name value node pods service deployment'
  ).split(' '),
)
/** Keys of what a Secret holds beside the secret: `username`, `host`, `ca.crt`. */
const plainKey =
  /^(?:.*[-_.])?(?:user(?:name)?|host(?:name)?|server|port|db|db-?name|database|ssl-?mode|namespace|registry|type|provider|client-?id|issuer|region|bucket)$/i
const plainValue = /^[a-z0-9][a-z0-9_.:-]{0,252}$/
/** values that are longer are not read as a configuration */
const readable = 1024 * 1024
const longestLine = 12

/**
 * Finds what is secret in one value of a Secret, or of a file of secrets: all of it, and what stands in it where it is a
 * configuration (docker's, a kubeconfig, variables, a URL). Certificates and plain words are not.
 */
export function harvest(key: string, value: string, take: Take): void {
  const text = value.trim()
  if (text === '' || words.has(text.toLowerCase()) || /^\d{1,5}$/.test(text)) return
  if (plainKey.test(key) && plainValue.test(text) && !isRandom(text)) return
  if (text.includes('-----BEGIN ')) {
    harvestPem(text, take)
    return
  }
  if (!text.includes('\n')) {
    take(text)
    // a JSON document on one line, or a URL
    if (/^[[{]/.test(text)) harvestDocument(text, take)
    harvestUrl(text, take)
    return
  }
  take(text, true)
  if (!harvestDocument(text, take)) harvestLines(text, take)
}

function harvestPem(text: string, take: Take): void {
  for (const [block, label = '', body = ''] of text.matchAll(
    /-----BEGIN ([A-Z0-9 ]+)-----([\s\S]*?)(?:-----END [A-Z0-9 ]+-----|$)/g,
  )) {
    if (isPublic(label)) continue
    take(block, true)
    for (const line of body.split(/\s+/)) if (line.length >= shortestSecret) take(line, line.length < longestLine)
    take(body.replace(/\s+/g, ''))
  }
}

/** @returns whether it is a structure */
function harvestDocument(text: string, take: Take): boolean {
  if (text.length > readable) return false
  let document: unknown
  try {
    document = parseChartYaml(text, (why) => new Error(why)).value
  } catch {
    return false
  }
  if (typeof document !== 'object' || document === null) return false
  harvestStructure(document, take)
  return true
}

/** Finds secrets in a structure, by the names before them and by their looks. */
export function harvestStructure(value: unknown, take: Take, name = '', depth = 0): void {
  if (typeof value === 'string') harvestLeaf(name, value, take)
  if (typeof value !== 'object' || value === null || depth > 64) return
  for (const [key, below] of Object.entries(value))
    harvestStructure(below, take, Array.isArray(value) ? name : key, depth + 1)
}

function harvestLeaf(name: string, value: string, take: Take): void {
  const text = value.trim()
  if (text.includes('-----BEGIN ')) {
    harvestPem(text, take)
    return
  }
  harvestUrl(text, take)
  if (!namesSecret(name) && !/(?:^|[-_.])key(?:-data)?$/i.test(name)) {
    if (isRandom(text) && !/certificate|\bca\b|\bcrt\b/i.test(name)) take(text)
    return
  }
  if (text.length < shortestSecret || words.has(text.toLowerCase())) return
  take(text)
  // docker's `auth` is user:password, a kubeconfig's client-key-data a key in PEM
  if (!/^[A-Za-z0-9+/\s]+={0,2}$/.test(text)) return
  const decoded = Buffer.from(text, 'base64').toString()
  if (decoded.includes('-----BEGIN ')) harvestPem(decoded, take)
  const password = /^[\x20-\x7e]{1,200}?:([\x20-\x7e]{4,})$/.exec(decoded)?.[1]
  if (password) take(password)
}

function harvestUrl(text: string, take: Take): void {
  for (const [, , password = ''] of text.matchAll(/[a-z][a-z0-9+.-]*:\/\/([^\s:@/]*):([^\s]*?)@/gi)) {
    if (password.length < shortestSecret || words.has(password.toLowerCase())) continue
    take(password)
    try {
      take(decodeURIComponent(password))
    } catch {
      // not encoded
    }
  }
}

/** Lines of variables, of an ini file, of a file with one token on each line. */
function harvestLines(text: string, take: Take): void {
  for (const line of text.split('\n').map((one) => one.trim())) {
    const [, name = '', value = ''] = /^(?:export\s+)?([\w.-]{1,100})\s*[:=]\s*(.*)$/.exec(line) ?? []
    if (name !== '') harvestLeaf(name, value.replace(/^(["'])(.*)\1$/, '$2'), take)
    else if (line.length >= longestLine) take(line, true)
    for (const [token] of line.matchAll(/[\w+/=-]{16,}/g)) if (isRandom(token, 16)) take(token)
  }
}
