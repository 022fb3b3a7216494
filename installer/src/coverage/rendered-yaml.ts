import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
import { type Document, Lexer, LineCounter, parseAllDocuments, type Tags } from 'yaml'
import { collectGarbage } from './collect-garbage.ts'

/**
 * Limits for a rendered chart: characters, YAML documents, marks (words, dashes, colons, brackets) of one document, which
 * cost about 1 kB each while it is held, and of all; nodes visited (an alias's at each use), nesting, aliases.
 */
export const renderedLimits = {
  text: limits.rendered,
  documents: 5000,
  documentMarks: 100_000,
  marks: 1_500_000,
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
  // Helm takes a key twice; and looking for one costs the square of how many there are
  uniqueKeys: false,
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
 * Splits and parses the output of `helm template`, one document at a time: whoever lets go of one before the next holds no
 * more than the largest.
 * @throws SealiftError BUILD_RENDERED where it is too large or not YAML
 */
export function* renderedDocuments(text: string): Generator<RenderedDocument> {
  if (text.length > renderedLimits.text) throw refused(`is larger than ${renderedLimits.text} characters`)
  let template = ''
  let count = 0
  const parts = [...partsOf(text)].map((part) => ({ part, marks: marksOf(part) }))
  if (parts.reduce((all, { marks }) => all + marks, 0) > renderedLimits.marks)
    throw refused(`has more than ${renderedLimits.marks} words and marks`)
  let uncollected = 0
  for (const { part, marks } of parts) {
    uncollected += marks
    if (uncollected > renderedLimits.documentMarks) {
      collectGarbage()
      uncollected = marks
    }
    const lines = new LineCounter()
    for (const document of parsed(part, lines)) {
      if (++count > renderedLimits.documents) throw refused(`has more than ${renderedLimits.documents} documents`)
      const error = document.errors[0]
      if (error !== undefined) throw refused(`is not YAML: ${error.message.split('\n')[0]}`, error)
      const start = document.range?.[0] ?? 0
      const comment = sourceComment(part, start, document.contents?.range?.[0] ?? start)
      if (comment !== undefined) template = comment.template
      const first = lines.linePos(comment?.end ?? start).line
      yield { document, template, lineOf: (offset) => lines.linePos(offset).line - first }
    }
  }
}

/** Cuts before each `---` at the start of a line: nothing else may stand there (YAML 1.1, 4.3.1, document boundary). */
function* partsOf(text: string): Generator<string> {
  const boundary = /\n(?=---(?:[ \t\r\n]|$))/g
  let start = 0
  for (const { index } of text.matchAll(boundary)) {
    yield text.slice(start, index + 1)
    start = index + 1
  }
  yield text.slice(start)
}

/** What makes a node when it is parsed: a word, or the sign of a collection. Counted first, since parsing is what costs. */
function marksOf(part: string): number {
  let marks = 0
  for (const token of new Lexer().lex(part)) {
    if ('\x1f-:?[{'.includes(token[0] ?? ' ')) marks += 1
    if (marks > renderedLimits.documentMarks)
      throw refused(`has a document of more than ${renderedLimits.documentMarks} words and marks`)
  }
  return marks
}

function parsed(part: string, lineCounter: LineCounter): Document[] {
  try {
    return parseAllDocuments(part, { lineCounter, logLevel: 'silent', ...asHelm }) as Document[]
  } catch (cause) {
    throw refused('is not YAML', cause)
  }
}

/**
 * The objects of a rendered chart as plain data; documents without a kind are left out.
 * @throws SealiftError BUILD_RENDERED
 */
export function renderedObjects(text: string): RenderedObject[] {
  const found: RenderedObject[] = []
  for (const { document } of renderedDocuments(text)) {
    let value: Partial<RenderedObject> | null
    try {
      value = document.toJS({ maxAliasCount: 100 })
    } catch (cause) {
      throw refused('repeats itself too often', cause)
    }
    if (typeof value?.kind === 'string' && typeof value.apiVersion === 'string') found.push(value as RenderedObject)
  }
  return found
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
