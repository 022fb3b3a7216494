import { copyFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { buildExecutable } from './build.ts'

// npm run build: the single executable, as dist/sealift
const dist = join(import.meta.dirname, '../../dist')
await mkdir(dist, { recursive: true })
const path = await buildExecutable()
for (const suffix of ['', '.LEGAL.txt']) await copyFile(`${path}${suffix}`, join(dist, `sealift${suffix}`))
console.log('dist/sealift')
