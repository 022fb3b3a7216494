import { fileURLToPath } from 'node:url'
import { buildPages, type Pages } from '@sealift/web/build.ts'

/** Builds the wizard's web pages, from the sources of a checkout. */
export const buildWizard = (): Promise<Pages> =>
  buildPages({ source: fileURLToPath(new URL('.', import.meta.url)), title: 'Sealift' })
