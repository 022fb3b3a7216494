// What the single executable starts: manifests/executable/build.ts puts it, in one file with all that it imports, into Node.
import { start } from './start.ts'

// in front are the executable's own path and, as for any program, the path of the script: itself again
void start(process.argv.slice(2))
