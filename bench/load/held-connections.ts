// Many connections that were each used once and then stay idle.
import { AnswerCheck } from './answer-check.ts'
import { type Connection, openConnection } from './connection.ts'
import type { HoldOrder, HoldReport, ReleaseReport } from './orders.ts'
import { requestBytes } from './request-bytes.ts'

/** Opened at once: more would only measure the listen queue. */
const AT_ONCE = 64

const held = new Set<Connection>()

export async function holdConnections({ target }: HoldOrder): Promise<HoldReport> {
  const check = new AnswerCheck(target)
  const request = requestBytes(target.requests[0] ?? '')
  let left = target.connections
  const openNext = async (): Promise<void> => {
    while (left > 0) {
      left--
      await openOne(target.port, request, check)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, openNext))
  return { opened: held.size, failures: check.failures }
}

export function releaseConnections(): ReleaseReport {
  const stillOpen = held.size
  for (const connection of held) connection.close()
  held.clear()
  return { stillOpen }
}

async function openOne(port: number, request: Buffer, check: AnswerCheck): Promise<void> {
  const answered = Promise.withResolvers<void>()
  const events = {
    onResponse: (_: Connection, status: number, bodyBytes: number) => {
      check.isRight(status, bodyBytes)
      answered.resolve()
    },
    onLost: (connection: Connection, reason: string) => {
      held.delete(connection)
      check.fail(reason)
      answered.resolve()
    },
  }
  try {
    const connection = await openConnection(port, events)
    held.add(connection)
    connection.send(request)
    await answered.promise
  } catch (thrown) {
    check.fail((thrown as Error).message)
  }
}
