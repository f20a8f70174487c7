// The process that makes load: takes orders over the channel to its parent, one at a time, and reports.
import { runClosedLoop } from './closed-loop.ts'
import { holdConnections, releaseConnections } from './held-connections.ts'
import { runOpenLoop } from './open-loop.ts'
import type { Order, OrderMessage, ReportMessage } from './orders.ts'
import { readSlowly } from './slow-read.ts'

process.on('message', ({ id, order }: OrderMessage) => {
  carryOut(order).then(
    (report) => reply({ id, report }),
    (thrown) => reply({ id, error: thrown instanceof Error ? thrown.message : String(thrown) }),
  )
})
// Without its parent nobody would ever end it.
process.on('disconnect', () => process.exit(0))

async function carryOut(order: Order): Promise<unknown> {
  switch (order.kind) {
    case 'closed-loop':
      return runClosedLoop(order)
    case 'open-loop':
      return runOpenLoop(order)
    case 'hold':
      return holdConnections(order)
    case 'release':
      return releaseConnections()
    case 'slow-read':
      return readSlowly(order)
  }
}

function reply(message: ReportMessage): void {
  process.send?.(message)
}
