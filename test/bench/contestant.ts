import type { Corpus } from './corpus.ts'

/**
 * A tool at work, as bash scripts. They find the directory to write in as $OUT and what was carried over in $IN; TMPDIR
 * and HOME are the contestant's own, SSL_CERT_FILE the authority of all registries.
 */
export interface Contestant {
  name: string
  version: string
  /** writes the corpus of the registry `host[:port]` into as few files as the tool can: what is carried */
  build: (host: string) => string
  /** makes what `seed` starts from, where that is another form than `build`'s */
  carry?: (host: string) => string
  /** pushes what was carried into the registry `host[:port]` */
  seed?: (host: string) => string
  /** prints the shortest thing that it can */
  help?: string
  /** what to know about its figures */
  note?: string
}

/** Words of a script, quoted for bash. */
export const words = (...all: string[]): string => all.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')

/** A line for each image. */
export const eachImage = (corpus: Corpus, line: (image: Corpus['images'][number]) => string): string =>
  corpus.images.map(line).join('\n')

/** The words that start a program: an executable as it is, a script by Node. */
export const programOf = (file: string): string[] => (/\.(mjs|ts)$/.test(file) ? [process.execPath, file] : [file])
