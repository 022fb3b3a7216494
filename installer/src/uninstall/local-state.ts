import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { rm, rmdir } from 'node:fs/promises'
import path from 'node:path'
import { answersName } from '../install/kept-answers.ts'
import { type Receipt, receiptName } from '../install/receipt.ts'

/** What this machine keeps of an installation. */
export interface LocalState {
  directory: string
  /** names in the directory that an uninstallation with its data removes: journal, receipt, what was taken out of the bundle */
  removable: string[]
  /** path of the key of the site's CA, where there is one: whoever has it can sign for the site's names */
  authority: string | undefined
  /** whether it is of this installation; undefined where no receipt says so */
  isOurs: boolean | undefined
}

const ownNames = ['journal.jsonl', 'journal.old.jsonl', `${receiptName}.json`, `${answersName}.yaml`, 'files', 'helm']

/**
 * Looks at a state directory. It is of the installation whose cluster and namespace its receipt names; one without a receipt
 * is where it was named after them (`isDefault`).
 */
export function readLocalState(
  directory: string,
  site: { server: string; namespace: string },
  isDefault: boolean,
): LocalState {
  const key = path.join(directory, 'ca.key')
  return {
    directory,
    removable: existsSync(directory) ? readdirSync(directory).filter((name) => ownNames.includes(name)) : [],
    authority: existsSync(key) ? key : undefined,
    isOurs: isReceiptOf(path.join(directory, `${receiptName}.json`), site) ?? (isDefault || undefined),
  }
}

function isReceiptOf(file: string, { server, namespace }: { server: string; namespace: string }): boolean | undefined {
  try {
    const { site } = JSON.parse(readFileSync(file, 'utf8')) as Partial<Receipt>
    return site?.server === server && site.namespace === namespace
  } catch {
    return undefined
  }
}

/**
 * The directory of an installation that nobody named: the default one, or, where another kubeconfig leads to the same
 * cluster, the one beside it whose receipt is of this cluster and namespace.
 */
export function findStateDirectory(
  defaultDirectory: string,
  site: { server: string; namespace: string },
): { directory: string; isDefault: boolean } {
  const beside = path.dirname(defaultDirectory)
  const found =
    existsSync(defaultDirectory) || !existsSync(beside)
      ? undefined
      : readdirSync(beside)
          .filter((name) => name.startsWith(`${site.namespace}-`))
          .map((name) => path.join(beside, name))
          .find((directory) => isReceiptOf(path.join(directory, `${receiptName}.json`), site))
  return { directory: found ?? defaultDirectory, isDefault: found === undefined }
}

/** Removes what an installation left on this machine, its CA aside; the directory too, where nothing else is in it. */
export async function clearLocalState({ directory, removable }: LocalState): Promise<void> {
  for (const name of removable) await rm(path.join(directory, name), { recursive: true, force: true })
  await rmdir(directory).catch(() => {})
}
