// Keeps replies that ioredis cannot make sense of from ending the process.
import { createRequire } from 'node:module'

interface ReplyHandler {
  dispatch(handle: () => void): void
  returnFatalError(error: Error): void
}

/**
 * ioredis 6.0.0 rethrows what goes wrong while it handles a reply in `process.nextTick`, and a null that answers no
 * command, or a malformed push frame, does go wrong: an uncaught exception, at the choice of whoever answers on Redis'
 * port. Such a connection is out of step; it is given up like one that breaks the protocol. The class is not exported
 * by the package's entry, hence the path; the version is pinned, and a test sends such replies.
 */
export function guardReplies(): void {
  const { default: DataHandler } = createRequire(import.meta.url)('ioredis/built/DataHandler.js')
  const prototype: ReplyHandler = DataHandler.prototype
  prototype.dispatch = function dispatch(handle) {
    try {
      handle()
    } catch (error) {
      this.returnFatalError(error instanceof Error ? error : new Error(String(error)))
    }
  }
}
