import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { type Alias, type Document, isAlias, isMap, isScalar, isSeq, type Node } from 'yaml'
import { type RenderedDocument, renderedDocuments, renderedLimits } from './rendered-yaml.ts'
import { referencesInText } from './words.ts'

/** An image that a rendered chart names; `from` says where: `Deployment/cde-manager containers[0] (templates/x.yaml:12)`. */
export interface RenderedReference {
  reference: string
  from: string
}

/**
 * Finds every image that a rendered chart names. Two ways, because an image that only an operator or a program starts is
 * as missing as any other: each `image` field of any object, at any depth, of any kind (pod specs, CronJobs, custom
 * resources, image volumes); and in all other text each word that pins an image by digest or starts with the name of a
 * registry in `hosts`. Lines count from the start of the rendered document.
 * @throws SealiftError BUILD_RENDERED where the text is too large, nested too deep or not YAML
 */
export function imageReferences(renderedYaml: string, hosts: Iterable<string> = []): RenderedReference[] {
  const known = [...hosts]
  const found: RenderedReference[] = []
  const resolved = new Map<Alias, Node | undefined>()
  let visits = 0

  // resolving reads the whole document each time
  const resolve = (alias: Alias, at: Where): Node | undefined => {
    if (!resolved.has(alias)) resolved.set(alias, alias.resolve(at.rendered.document))
    if (resolved.size > renderedLimits.aliases) throw tooMuch()
    return resolved.get(alias)
  }

  const walk = (node: Node | null | undefined, path: string[], key: string, at: Where, depth = 0): void => {
    if (++visits > renderedLimits.nodes || depth > renderedLimits.depth) throw tooMuch()
    if (isAlias(node)) walk(resolve(node, at), path, key, at, depth + 1)
    else if (isMap(node))
      for (const pair of node.items) {
        const name = isScalar(pair.key) ? String(pair.key.value) : '?'
        walk(pair.value as Node | null, [...path, name], name, at, depth + 1)
      }
    else if (isSeq(node))
      node.items.forEach((item, i) => {
        walk(item as Node, [...path.slice(0, -1), `${path.at(-1) ?? ''}[${i}]`], '', at, depth + 1)
      })
    else if (isScalar(node)) {
      const place = () => `${at.object} ${shown(path)} (${at.rendered.template}:${line(at.rendered, node)})`
      if (isImageField(path, key)) found.push({ reference: String(node.value ?? ''), from: place() })
      else if (typeof node.value === 'string')
        for (const reference of referencesInText(node.value, known)) found.push({ reference, from: place() })
    }
  }

  for (const rendered of renderedDocuments(renderedYaml))
    walk(rendered.document.contents as Node | null, [], '', { rendered, object: objectName(rendered.document) })
  return found
}

const tooMuch = () =>
  new SealiftError('BUILD_RENDERED', 'the rendered chart is nested too deep or repeats itself too often')

interface Where {
  rendered: RenderedDocument
  object: string
}

/** `image: x` anywhere, and `image: {reference: x}` of an image volume (Kubernetes API, core/v1 ImageVolumeSource). */
const isImageField = (path: string[], key: string): boolean =>
  key === 'image' || (key === 'reference' && path.at(-2) === 'image')

const line = (rendered: RenderedDocument, node: Node): number => rendered.lineOf(node.range?.[0] ?? 0)

/** The path from the pod spec on: `containers[0]` for a container's image, the whole path for anything else. */
function shown(path: string[]): string {
  const start = path.findLastIndex((part) => /^(containers|initContainers|ephemeralContainers|volumes)\[/.test(part))
  const tail = start === -1 ? path : path.slice(start)
  return (tail.at(-1) === 'image' && tail.length > 1 ? tail.slice(0, -1) : tail).join('.')
}

function objectName(document: Document): string {
  const at = (...path: string[]): string => {
    const value = isMap(document.contents) ? document.getIn(path) : undefined
    return typeof value === 'string' ? value : '?'
  }
  return `${at('kind')}/${at('metadata', 'name')}`
}
