import { removed } from './known-values.ts'
import { isHarmless } from './named-values.ts'
import { namesPerson, namesSecret } from './secret-names.ts'

/** How the strings of a structure are cleaned. */
export interface Cleaner {
  text(text: string): string
  person(name: string): string
  /** called for each value that is taken out because of its name */
  onRemoved(): void
}

/** deeper structures are nobody's configuration */
const deepest = 100
/** What names a secret elsewhere, and is none (Kubernetes: SecretKeySelector, SecretVolumeSource, ObjectReference). */
const references = new Set(
  'name namespace key optional secretName items defaultMode path mode audience expirationSeconds kind apiVersion apiGroup group'.split(
    ' ',
  ),
)
/** Copies of what stands beside them, and records of who wrote which field. */
const leftOut = new Set(['managedFields', 'kubectl.kubernetes.io/last-applied-configuration'])

/** A structure of JSON (an object of Kubernetes, a configuration) without what is secret or personal in it. */
export function cleanStructure(value: unknown, cleaner: Cleaner): unknown {
  return clean(value, '', false, 0, cleaner)
}

function clean(value: unknown, name: string, secret: boolean, depth: number, cleaner: Cleaner): unknown {
  if (typeof value === 'string') return cleanString(value, name, secret, cleaner)
  if (typeof value === 'number' && secret) return cleanString(String(value), name, secret, cleaner)
  if (typeof value !== 'object' || value === null) return value
  if (depth > deepest) return '[too deep]'
  if (Array.isArray(value)) return cleanList(value, name, secret, depth, cleaner)
  const fields = Object.entries(value)
  const kind = (value as { kind?: unknown }).kind
  if (typeof kind === 'string' && /secret/i.test(kind)) return withoutData(value as SecretLike, depth, cleaner)
  const below = secret || (namesSecret(name) && !fields.every(([key]) => references.has(key)))
  const called = (value as { name?: unknown }).name
  return Object.fromEntries(
    fields
      .filter(([key]) => !leftOut.has(key))
      .map(([key, field]): [string, unknown] => {
        // { name: PGPASSWORD, value: … }
        const by = key === 'value' && typeof called === 'string' ? called : key
        if (key === 'name' && kind === 'User' && typeof field === 'string') return [key, cleaner.person(field)]
        return [cleaner.text(key), clean(field, by, below || (by !== key && namesSecret(by)), depth + 1, cleaner)]
      }),
  )
}

function cleanString(value: string, name: string, secret: boolean, cleaner: Cleaner): string {
  if ((secret || namesSecret(name)) && !isHarmless(value)) {
    cleaner.onRemoved()
    return removed
  }
  if (name === 'signedBy') return value
  return cleaner.text(namesPerson(name) ? cleaner.person(value) : value)
}

/** A list of words may be a command line: what follows `--password` is one. */
function cleanList(list: unknown[], name: string, secret: boolean, depth: number, cleaner: Cleaner): unknown[] {
  return list.map((item, i) => {
    const before = list[i - 1]
    const flag = typeof before === 'string' && /^--?[\w.-]{2,100}$/.test(before) && namesSecret(before)
    return clean(item, name, secret || flag, depth + 1, cleaner)
  })
}

interface SecretLike {
  apiVersion?: unknown
  kind?: unknown
  type?: unknown
  metadata?: {
    name?: unknown
    namespace?: unknown
    labels?: unknown
    creationTimestamp?: unknown
    ownerReferences?: unknown
  }
  data?: unknown
  stringData?: unknown
  items?: unknown
  [field: string]: unknown
}

/** A Secret, or whatever calls itself one: its names, labels, type, and of each value only how long it is. */
function withoutData(object: SecretLike, depth: number, cleaner: Cleaner): unknown {
  const { apiVersion, kind, type, metadata = {}, data, stringData, items, ...rest } = object
  const { name, namespace, labels, creationTimestamp, ownerReferences } = metadata ?? {}
  const of = (part: unknown) => clean(part, '', false, depth + 1, cleaner)
  return {
    apiVersion,
    kind,
    metadata: of({ name, namespace, labels, creationTimestamp, ownerReferences }),
    ...(type === undefined ? {} : { type }),
    ...(items === undefined ? {} : { items: of(items) }),
    ...(data === undefined ? {} : { data: lengths(data, 'base64', cleaner) }),
    ...(stringData === undefined ? {} : { stringData: lengths(stringData, 'utf8', cleaner) }),
    ...(rest.status === undefined ? {} : { status: of(rest.status) }),
  }
}

function lengths(data: unknown, encoding: BufferEncoding, cleaner: Cleaner): unknown {
  if (typeof data !== 'object' || data === null) return removed
  return Object.entries(data).map(([key, value]) => {
    cleaner.onRemoved()
    return { key: cleaner.text(key), ...(typeof value === 'string' && { bytes: Buffer.from(value, encoding).length }) }
  })
}
