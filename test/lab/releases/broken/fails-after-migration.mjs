// Loaded before the manager: it listens when all else has gone well, its migrations too.
import { Server } from 'node:net'

Server.prototype.listen = () => {
  process.stderr.write('this release of the lab fails after its migrations\n')
  process.exit(1)
}
