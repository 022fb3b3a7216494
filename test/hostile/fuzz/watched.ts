import { writeSync } from 'node:fs'
import { takeNetwork } from './no-network.ts'

// before the CLI in its own process: no network, and at the end its peak of memory, in bytes, on descriptor 3
takeNetwork()
process.once('exit', () => writeSync(3, String(process.resourceUsage().maxRSS * 1024)))
