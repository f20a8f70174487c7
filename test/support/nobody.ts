/**
 * A host and port at which nobody listens. The port of a server that was closed would be given to the next one that asks
 * for any, which may be the gateway under test: it would then connect to itself.
 */
export const NOBODY = '127.0.0.1:1'
