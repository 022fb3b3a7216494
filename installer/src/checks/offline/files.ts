import { accessSync, constants, type Stats, statSync } from 'node:fs'
import path from 'node:path'
import { questionsFor } from '../../answers/questions.ts'
import { error, type Finding, warning } from './finding.ts'
import type { Given } from './given.ts'

/** bytes of a key, a certificate, a license or a kubeconfig, at most */
const small = 4 * 1024 * 1024

/** Each file that an answer names is there and can be read; nobody else can read one with a secret. */
export function fileFindings({ draft, answers, text }: Given): Finding[] {
  return questionsFor(draft).flatMap(({ pointer, kind, items }) => {
    // a bundle in parts has no file of its name
    if (pointer === '/bundle') return []
    if (items === 'file') return answers.trust.flatMap((_, i) => ofFile(`${pointer}/${i}`, answers.trust[i], false))
    return kind === 'file' || kind === 'secret-file' ? ofFile(pointer, text(pointer), kind === 'secret-file') : []
  })
}

function ofFile(pointer: string, file: string | undefined, secret: boolean): Finding[] {
  if (file === undefined) return []
  let info: Stats
  try {
    info = statSync(file)
    if (info.isFile()) accessSync(file, constants.R_OK)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const why = code === 'ENOENT' || code === 'ENOTDIR' ? 'there is no such file' : `it cannot be read (${code})`
    return [error(pointer, `${why}: ${file}`, `ls -l ${path.dirname(file)}`)]
  }
  if (!info.isFile()) return [error(pointer, `it is no file: ${file}`, `ls -l ${file}`)]
  if (info.size > small) return [error(pointer, `it is larger than ${small} bytes: ${file}`, `ls -l ${file}`)]
  if (info.size === 0) return [error(pointer, `it is empty: ${file}`, `ls -l ${file}`)]
  const open = (info.mode & 0o077) !== 0
  return secret && open ? [warning(pointer, `others on this machine can read it: ${file}`, `chmod 600 ${file}`)] : []
}
