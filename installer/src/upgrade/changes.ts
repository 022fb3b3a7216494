import path from 'node:path'
import type { Draft } from '../answers/draft.ts'
import { readDraft, textOf } from '../answers/read.ts'

/** What the operator says on the command line about answers. */
export interface GivenChanges {
  /** an answers file, which may hold nothing but what changes */
  file?: string | undefined
  /** public keys of the vendor */
  trust?: readonly string[] | undefined
  license?: string | undefined
}

/** The answers that change, with absolute paths. @throws SealiftError USAGE_ANSWERS */
export function changesOf({ file, trust, license }: GivenChanges): Draft {
  // what is missing in it is no fault: the site has it
  const {
    apiVersion: _,
    kind: __,
    ...draft
  } = file === undefined ? {} : readDraft(textOf(file), path.resolve(file)).draft
  return {
    ...draft,
    ...(trust === undefined ? {} : { trust: trust.map((one) => path.resolve(one)) }),
    ...(license === undefined ? {} : { license: path.resolve(license) }),
  }
}
