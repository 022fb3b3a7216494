import { copyFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { buildExecutable } from './build.ts'

// npm run build: the single executable for this machine, as dist/sealift
const dist = join(import.meta.dirname, '../../dist')
await mkdir(dist, { recursive: true })
await copyFile(await buildExecutable(), join(dist, 'sealift'))
console.log('dist/sealift')
