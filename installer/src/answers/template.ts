import { stringify } from 'yaml'
import { type Field, root } from './field.ts'

/** characters of a line of explanation */
const width = 116

const head = `## Answers for: sealift install --headless --answers FILE
## Lines with ## explain. A line with one # is an answer that may be left out: to give it, remove the #.
## Paths count from this file. Then: sealift answers check FILE
`

/**
 * An answers file to fill in (YAML), made of the schema: each field with its title, description, choices and default; what
 * must be answered stands open, what may be left out is commented out.
 */
export const answersTemplate = (): string => `${head}${ofGroup(root, '', '')}`

/** `before` stands before each line: the # of a group that may be left out, and the indentation of its fields. */
function ofGroup({ properties = {}, required = [] }: Field, mark: string, indent: string): string {
  return Object.entries(properties)
    .map(([key, field]) => {
      const needed = required.includes(key) || field.orElse !== undefined
      const own = needed ? '' : '#'
      const line = `${mark}${indent}${own}${key}:`
      const text = field.properties
        ? `${line}\n${ofGroup(field, mark || own, mark ? `${indent}${own}  ` : '  ')}`
        : `${`${line} ${given(field)}`.trimEnd()}\n`
      const gap = indent === '' && field.const === undefined ? '\n' : ''
      return `${gap}${explained(field, indent)}${text}`
    })
    .join('')
}

/** What stands behind the name: what there is to begin with. */
function given({ const: fixed, default: usual, type, properties }: Field): string {
  const value = fixed ?? usual
  if (value !== undefined) return stringify(value).trimEnd()
  return type === 'array' ? '[]' : type === 'object' && !properties ? '{}' : ''
}

function explained({ title, description, choices = {}, const: fixed }: Field, indent: string): string {
  if (fixed !== undefined) return ''
  const lines = wrapped(`${title}: ${description ?? ''}`, width - indent.length)
  return [...lines, ...Object.values(choices).map((choice) => `  ${choice}`)]
    .map((line) => `## ${indent}${line}\n`)
    .join('')
}

function wrapped(text: string, length: number): string[] {
  const lines = ['']
  for (const word of text.split(' ')) {
    const last = lines.at(-1) as string
    if (last !== '' && last.length + word.length >= length) lines.push(word)
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`
  }
  return lines
}
