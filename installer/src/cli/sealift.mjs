#!/usr/bin/env node
// in JavaScript: to strip the types of one TypeScript file without the compile cache costs 40 ms
import './compile-cache.mjs'

void import('./start.ts').then(({ start }) => start(process.argv.slice(2)))
