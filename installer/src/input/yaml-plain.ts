import { limits } from '@sealift/bundle-spec/limits.ts'
import { isAlias, isMap, isNode, isScalar, isSeq, type Node, type YAMLMap } from 'yaml'

/** `strict` is what people write for Sealift; `helm` is what they write for Helm. */
export type Dialect = 'strict' | 'helm'

type RefuseNode = (why: string, node?: Node) => Error

const plainTags = new Set(
  ['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map((tag) => `tag:yaml.org,2002:${tag}`),
)

/**
 * A tree of YAML as plain data, checked on the way: nesting and number of nodes, an alias's at each use, and whatever the
 * dialect leaves out. A field `__proto__` is one like any other.
 * @throws what `refuse` makes
 */
export function plainOf(contents: Node | null, dialect: Dialect, refuse: RefuseNode): unknown {
  const strict = dialect === 'strict'
  const anchors = new Map<string, Node>()
  let nodes = 0

  function plain(item: unknown, depth: number): unknown {
    if (!isNode(item)) return null
    if (++nodes > limits.yamlNodes)
      throw refuse(`it has more than ${limits.yamlNodes} nodes, aliases counted at each use`, item)
    if (depth > limits.yamlDepth) throw refuse(`it is nested deeper than ${limits.yamlDepth}`, item)
    if (isAlias(item)) {
      if (strict) throw refuse(`it has an alias, *${item.source}: write out what it stands for`, item)
      const target = anchors.get(item.source)
      if (!target) throw refuse(`nothing before it has the anchor &${item.source}`, item)
      return plain(target, depth + 1)
    }
    if (item.anchor !== undefined) {
      if (strict) throw refuse(`it has an anchor, &${item.anchor}: leave it out`, item)
      anchors.set(item.anchor, item)
    }
    if (strict && item.tag !== undefined && !plainTags.has(item.tag))
      throw refuse(`it has a tag, ${item.tag}: leave it out`, item)
    if (isMap(item)) return objectOf(item, depth)
    if (isSeq(item)) return item.items.map((one) => plain(isNode(one) ? one : undefined, depth + 1))
    if (!isScalar(item)) return null
    if (strict && typeof item.value === 'number' && !Number.isFinite(item.value))
      throw refuse(`it has a number that is none, ${item.source}`, item)
    return item.value
  }

  function objectOf(map: YAMLMap, depth: number): Record<string, unknown> {
    const object: Record<string, unknown> = {}
    const merged: Record<string, unknown>[] = []
    for (const { key, value } of map.items) {
      if (isNode(key) && !isScalar(key)) throw refuse('it has a key that is no word', key)
      const name = isScalar(key) ? String(key.value ?? '') : ''
      const place = isNode(key) ? key : map
      if (isScalar(key) && (key.anchor !== undefined || key.tag !== undefined) && strict)
        throw refuse('it has a key with an anchor or a tag', place)
      if (isMergeKey(key)) {
        if (strict) throw refuse('it has a merge key, <<: write out what it stands for', place)
        const from = plain(value, depth + 1)
        const all = Array.isArray(from) ? from : [from]
        if (!all.every(isObject)) throw refuse('a merge key, <<, does not stand for a map', place)
        merged.push(...all)
        continue
      }
      if (Object.hasOwn(object, name) && strict) throw refuse(`it has the key ${JSON.stringify(name)} twice`, place)
      put(object, name, plain(value, depth + 1))
    }
    // what stands in the map itself wins, then what was merged first
    for (const from of merged)
      for (const [name, value] of Object.entries(from)) if (!Object.hasOwn(object, name)) put(object, name, value)
    return object
  }

  return plain(contents, 1)
}

/** Sets a field, one named __proto__ too. */
const put = (object: object, name: string, value: unknown): unknown =>
  Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true })

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A quoted << is a key like any other. */
const isMergeKey = (key: unknown): boolean =>
  isScalar(key) && (key.type === undefined || key.type === 'PLAIN') && key.value === '<<'
