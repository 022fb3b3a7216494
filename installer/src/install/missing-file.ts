import path from 'node:path'

/** What helps where a file that an answer names is not there. One of the wizard's uploads is gone on purpose. */
export const missingFile = (file: string): string =>
  path.basename(path.dirname(file)) === 'uploads'
    ? 'the wizard keeps uploaded keys and passwords until the platform is installed: name or upload the file anew'
    : `ls -l ${file}`
