// Keep-alive clients that send one request after another until they are stopped, and count what comes back.
import { Agent } from 'node:http'
import { type ClientResponse, send } from './http-client.ts'

export interface Load {
  /** Requests answered so far. */
  answered(): number
  /** Stops the clients and resolves with what they saw. */
  stop(): Promise<LoadResult>
}

export interface LoadResult {
  readonly answered: number
  readonly byStatus: Readonly<Record<number, number>>
  /** Requests that got no answer, with the reason. */
  readonly failures: readonly string[]
}

export interface LoadOptions {
  readonly clients: number
  readonly method?: string
  readonly body?: string
  /** Looks at every answer; what it throws counts as a failure. */
  readonly inspect?: (response: ClientResponse) => void
}

export function startLoad(urlFor: string | (() => string), options: LoadOptions): Load {
  const next = typeof urlFor === 'string' ? () => urlFor : urlFor
  const byStatus: Record<number, number> = {}
  const failures: string[] = []
  let answered = 0
  let running = true

  async function client(): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    while (running) {
      try {
        const { method = 'GET', body } = options
        const response = await send(next(), { method, agent, ...(body === undefined ? {} : { body }) })
        byStatus[response.status] = (byStatus[response.status] ?? 0) + 1
        options.inspect?.(response)
        answered++
      } catch (thrown) {
        failures.push((thrown as Error).message)
        if (failures.length > 1000) running = false
      }
    }
    agent.destroy()
  }

  const clients = Array.from({ length: options.clients }, client)
  return {
    answered: () => answered,
    async stop() {
      running = false
      await Promise.all(clients)
      return { answered, byStatus, failures }
    },
  }
}
