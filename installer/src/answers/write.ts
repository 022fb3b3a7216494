import path from 'node:path'
import { Document, type Scalar, visit } from 'yaml'
import { complete, withPaths } from './complete.ts'
import type { Draft } from './draft.ts'
import { pathFault } from './formats/path.ts'
import { settled } from './questions.ts'

/** What a reader of a file would not see, or would see elsewhere, but for the end of a line. */
const unseen = /(?!\n)[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/u

/**
 * Answers as the text of an answers file (YAML): in the order of the schema, with all defaults, without what other answers
 * settle, and without comments. The same answers are the same bytes from every face, and reading them gives these answers.
 * Paths stay as they are but for detours; with `directory`, those below it count from there.
 */
export const writeAnswers = (draft: Draft, directory?: string): string =>
  textOf(documentOf(withPaths(draft, (file) => shortest(file, directory))))

/** The same with a remark behind each path. */
export function writeAnswersRemarked(draft: Draft, remark: string): string {
  const document = documentOf(draft)
  withPaths(document.toJS() as Draft, (file, keys) => {
    ;(document.getIn(keys, true) as Scalar).comment = ` ${remark}`
    return file
  })
  return textOf(document)
}

function documentOf(draft: Draft): Document {
  // as JSON has it: no -0, nothing that is undefined
  const plain: unknown = JSON.parse(JSON.stringify(complete(settled(draft))))
  const document = new Document(plain, { aliasDuplicateObjects: false })
  visit(document, {
    Scalar(_, scalar) {
      // << would be taken for a merge key
      if (typeof scalar.value === 'string' && (unseen.test(scalar.value) || scalar.value === '<<'))
        scalar.type = 'QUOTE_DOUBLE'
    },
  })
  return document
}

const textOf = (document: Document): string =>
  document.toString({ lineWidth: 0 }).replaceAll(new RegExp(unseen, 'gu'), (character) => {
    const code = (character.codePointAt(0) as number).toString(16)
    return code.length > 4 ? `\\U${code.padStart(8, '0')}` : `\\u${code.padStart(4, '0')}`
  })

/** A path without detours; where it is below a directory, counting from there. */
function shortest(file: string, directory?: string): string {
  if (directory === undefined) return path.isAbsolute(file) ? path.resolve(file) : file
  const absolute = path.resolve(directory, file)
  const relative = path.relative(directory, absolute)
  if (relative === '' || relative === '..' || relative.startsWith('../')) return absolute
  // a name such as ~x would be read as something else
  return pathFault(relative) === undefined ? relative : `./${relative}`
}
