import { stripVTControlCharacters } from 'node:util'

/**
 * Columns of a text in a terminal, for yargs in the executable: its help is ASCII. The package of this name builds tables
 * of all of Unicode when it is loaded, which is a third of the start-up of a short command.
 */
export default (text: string): number => stripVTControlCharacters(text).length
