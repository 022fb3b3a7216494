import path from 'node:path'
import { stringify } from 'yaml'
import { complete, withPaths } from './complete.ts'
import type { Draft } from './draft.ts'
import { pathFault } from './formats/path.ts'
import { settled } from './questions.ts'

/**
 * Answers as the text of an answers file (YAML): in the order of the schema, with all defaults, without what other answers
 * settle, and without comments. The same answers are the same bytes from every face, and reading them gives these answers.
 * Paths stay as they are; with `directory`, those below it count from there.
 */
export function writeAnswers(draft: Draft, directory?: string): string {
  const answers = complete(settled(draft))
  const shown = directory === undefined ? answers : withPaths(answers, (file) => below(directory, file))
  // as JSON has it: no -0, nothing that is undefined
  const plain: unknown = JSON.parse(JSON.stringify(shown))
  return stringify(plain, { lineWidth: 0, aliasDuplicateObjects: false })
}

function below(directory: string, file: string): string {
  const relative = path.relative(directory, path.resolve(directory, file))
  if (relative === '' || relative === '..' || relative.startsWith('../')) return file
  // a name such as ~x would be read as something else
  return pathFault(relative) === undefined ? relative : `./${relative}`
}
