import { TarFault } from './tar.ts'

const root = 'file:///values.schema.json'

/** The descriptions of JSON Schema itself, which Helm has with it. */
const builtIn =
  /^https?:\/\/json-schema\.org\/(?:draft-0[467]\/schema|draft\/20(?:19-09|20-12)\/(?:schema|meta\/[a-z-]+))$/

/**
 * Refuses a schema of a chart's values that refers to another document: Helm 4 would fetch it each time that it renders or
 * installs, from the web or from a file of the machine, and a site may have no way there.
 * @throws TarFault
 */
export function assertWholeSchema(schema: Buffer, path: string): void {
  let document: unknown
  try {
    document = JSON.parse(schema.toString())
  } catch {
    // Helm says what is wrong with it
    return
  }
  const own = new Set([root])
  const named: { reference: string; url: string }[] = []
  const left: [node: unknown, base: string][] = [[document, root]]
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const [node, above] = next
    if (typeof node !== 'object' || node === null) continue
    const { $id, id, $ref, $dynamicRef, $recursiveRef, $schema } = node as Record<string, unknown>
    const identity = $id ?? id
    const base = typeof identity === 'string' ? documentOf(identity, above) : above
    own.add(base)
    for (const reference of [$ref, $dynamicRef, $recursiveRef, $schema])
      if (typeof reference === 'string' && !reference.startsWith('#'))
        named.push({ reference, url: documentOf(reference, base) })
    for (const value of Object.values(node)) left.push([value, base])
  }
  const foreign = named.find(({ url }) => !own.has(url) && !builtIn.test(url))
  if (foreign)
    throw new TarFault(
      `has a ${path} that refers to another document, ${JSON.stringify(foreign.reference.slice(0, 200))}`,
    )
}

/** The document that a reference is in, without the place in it. */
function documentOf(reference: string, base: string): string {
  try {
    return new URL(reference, base).href.replace(/#.*$/s, '')
  } catch {
    return reference.replace(/#.*$/s, '')
  }
}
