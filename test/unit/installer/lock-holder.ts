import { lockState } from '../../../installer/src/stores/state-lock.ts'

/** Takes the lock of a directory, says so, and keeps it until it is killed. */
await lockState(process.argv[2] as string)
process.stdout.write('held\n')
setInterval(() => {}, 60_000)
