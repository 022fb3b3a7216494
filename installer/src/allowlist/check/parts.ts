import { createAsk } from './ask.ts'
import { createByProxy } from './by-proxy.ts'
import { createConnect } from './connect.ts'
import { createSecure } from './secure.ts'
import { createWords } from './words.ts'

/** What an attempt is made of. */
export const parts = { createWords, createConnect, createSecure, createAsk, createByProxy }
export type Parts = typeof parts
