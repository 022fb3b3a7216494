import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { type Document, LineCounter, parseAllDocuments, type Tags } from 'yaml'

/** Limits for a rendered chart: characters, YAML documents, nodes visited (an alias's at each use), nesting, aliases. */
export const renderedLimits = {
  text: 16 * 1024 * 1024,
  documents: 5000,
  nodes: 500_000,
  depth: 200,
  aliases: 1000,
} as const

/**
 * YAML as Helm and kubectl read it (sigs.k8s.io/yaml, of go-yaml 2): 1.1, where 0440 is octal and `on` is true, without times
 * and numbers to the base of 60, which are text there.
 */
const asHelm = {
  version: '1.1',
  merge: true,
  customTags: (tags: Tags) =>
    tags.filter(
      (tag) =>
        typeof tag === 'string' || (!asText.includes(tag.tag ?? '') && (tag as { format?: string }).format !== 'TIME'),
    ),
} as const
const asText = ['tag:yaml.org,2002:timestamp', 'tag:yaml.org,2002:binary']

/** One document of a rendered chart and where it came from. */
export interface RenderedDocument {
  document: Document
  /** `templates/manager.yaml`, from the `# Source:` comment that Helm writes; empty where there is none */
  template: string
  /** The line of an offset, counted from the first line of this document. */
  lineOf(offset: number): number
}

/**
 * Splits and parses the output of `helm template`.
 * @throws SealiftError BUILD_RENDERED where it is too large or not YAML
 */
export function renderedDocuments(text: string): RenderedDocument[] {
  if (text.length > renderedLimits.text) throw refused(`is larger than ${renderedLimits.text} characters`)
  const lines = new LineCounter()
  let documents: Document[]
  try {
    documents = parseAllDocuments(text, { lineCounter: lines, logLevel: 'silent', ...asHelm }) as Document[]
  } catch (cause) {
    throw refused('is not YAML', cause)
  }
  if (documents.length > renderedLimits.documents) throw refused(`has more than ${renderedLimits.documents} documents`)
  let template = ''
  return documents.map((document) => {
    const error = document.errors[0]
    if (error !== undefined) throw refused(`is not YAML: ${error.message.split('\n')[0]}`, error)
    const start = document.range?.[0] ?? 0
    const comment = sourceComment(text, start, document.contents?.range?.[0] ?? start)
    if (comment !== undefined) template = comment.template
    const first = lines.linePos(comment?.end ?? start).line
    return { document, template, lineOf: (offset) => lines.linePos(offset).line - first }
  })
}

/**
 * The objects of a rendered chart as plain data; documents without a kind are left out.
 * @throws SealiftError BUILD_RENDERED
 */
export function renderedObjects(text: string): RenderedObject[] {
  return renderedDocuments(text).flatMap(({ document }) => {
    let value: Partial<RenderedObject> | null
    try {
      value = document.toJS({ maxAliasCount: 100 })
    } catch (cause) {
      throw refused('repeats itself too often', cause)
    }
    return typeof value?.kind === 'string' && typeof value.apiVersion === 'string' ? [value as RenderedObject] : []
  })
}

/** The fields that every Kubernetes object has. */
export interface RenderedObject {
  apiVersion: string
  kind: string
  metadata?: { name?: string; namespace?: string; annotations?: Record<string, string> }
}

/** Helm writes `# Source: <chart>/templates/x.yaml` on a line of its own between `---` and the document. */
function sourceComment(text: string, start: number, end: number): { template: string; end: number } | undefined {
  const match = /^# Source: [^/\s]+\/(\S+)$/m.exec(text.slice(start, end))
  return match?.[1] === undefined ? undefined : { template: match[1], end: start + match.index }
}

const refused = (what: string, cause?: unknown) =>
  new SealiftError('BUILD_RENDERED', `the rendered chart ${what}`, {
    fix: 'see what the chart renders: helm template CHART --values VALUES',
    cause,
  })
