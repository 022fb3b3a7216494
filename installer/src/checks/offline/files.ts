import { accessSync, constants, type Stats, statSync } from 'node:fs'
import { limits } from '@sealift/bundle-spec/limits.ts'
import { answerAt } from '../../answers/draft.ts'
import { questionsFor } from '../../answers/questions.ts'
import { kindOf } from '../../input/regular-file.ts'
import { missingFile } from '../../install/missing-file.ts'
import { error, type Finding, warning } from './finding.ts'
import type { Given } from './given.ts'

/** Each file that an answer names is there and can be read; nobody else can read one with a secret. */
export function fileFindings({ draft, text }: Given): Finding[] {
  return questionsFor(draft).flatMap(({ pointer, kind, items }) => {
    // a bundle in parts has no file of its name
    if (pointer === '/bundle') return []
    const list = items === 'file' ? answerAt(draft, pointer) : undefined
    if (Array.isArray(list)) return list.flatMap((_, i) => ofFile(`${pointer}/${i}`, text(`${pointer}/${i}`), false))
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
    return [error(pointer, `${why}: ${file}`, missingFile(file))]
  }
  if (!info.isFile()) return [error(pointer, `it is ${kindOf(info)}, not a file: ${file}`, `ls -l ${file}`)]
  const limit =
    pointer === '/kubeconfig' ? limits.kubeconfig : pointer === '/license' ? limits.license : limits.smallFile
  if (info.size > limit) return [error(pointer, `it is larger than ${limit} bytes: ${file}`, `ls -l ${file}`)]
  if (info.size === 0) return [error(pointer, `it is empty: ${file}`, `ls -l ${file}`)]
  const open = (info.mode & 0o077) !== 0
  return secret && open ? [warning(pointer, `others on this machine can read it: ${file}`, `chmod 600 ${file}`)] : []
}
