import { isSea } from 'node:sea'
import { fileURLToPath } from 'node:url'

/** The program and what stands in front of its words, absolute paths: what starts this Sealift again. */
export const ownProgram = (): [string, ...string[]] =>
  isSea() ? [process.execPath] : [process.execPath, fileURLToPath(new URL('../cli/sealift.mjs', import.meta.url))]
