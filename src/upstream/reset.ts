// A connection that was reset has failed: undici would take a body that only its end delimits for whole then.
import type { Socket } from 'node:net'

/** The same socket, its resets under a code that undici does not look for (`onHttpSocketError` of client-h1.js). */
export function failOnReset<S extends Socket>(socket: S): S {
  // Registered before undici's own listener, as undici is given the socket after this.
  return socket.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'ECONNRESET') error.code = 'UND_ERR_SOCKET'
  })
}
