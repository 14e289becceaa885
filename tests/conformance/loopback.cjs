// Loaded before the origin of the suite, which names a port and no address: it would listen everywhere.
const { Server } = require('node:net')

const { listen } = Server.prototype
Server.prototype.listen = function (port, ...rest) {
  return listen.call(this, { port, host: '127.0.0.1' }, ...rest)
}
