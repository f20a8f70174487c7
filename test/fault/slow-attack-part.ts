// A process of `slow-attack.ts`: the target of the readers or the slow clients, so that what they do holds up nobody who is measured.
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { startTarget } from '../support/target-server.ts'
import { runWhenIdle } from './precedence.ts'
import { type Slowness, startSlowClients } from './slow-clients.ts'
import { askAsUsual } from './usual-clients.ts'

/** What the first argument says that this process is. */
export type Part = 'target' | 'clients'

/** To the clients: ask as usual for so long, begin, and count how many are still there and leave. */
export type Order =
  | { readonly usual: { readonly port: number; readonly seconds: number } }
  | { readonly attack: Attack }
  | 'stop'

/** `count` clients of each kind at the port beside it, `perSecond` of them, or all at once. */
export interface Attack {
  readonly ports: Readonly<Partial<Record<Slowness, number>>>
  readonly count: number
  readonly perSecond?: number | undefined
}

/** Of an answer of 10 MB: handed over as a whole it kept the kernel, and so a core, busy for up to 33 ms at a time. */
const PIECES = Array.from({ length: 160 }, () => Buffer.alloc(64 * 1024))

async function startTargetPart(): Promise<void> {
  const target = await startTarget((_, response) => {
    target.seen.length = 0
    Readable.from(PIECES).pipe(response)
  })
  process.send!(target.port)
}

function startClients(): void {
  let attack: ReturnType<typeof startSlowClients>[] = []
  process.on('message', async (order: Order) => {
    if (order === 'stop') {
      process.send!(attack.map((clients) => clients.stillOpen()))
      for (const clients of attack) clients.stop()
      return
    }
    if ('usual' in order) {
      await askAsUsual(order.usual.port, order.usual.seconds)
      process.send!('answered')
      return
    }
    const { ports, count, perSecond } = order.attack
    attack = Object.entries(ports).map(([kind, port]) =>
      startSlowClients(kind as Slowness, { port, count, everyMs: 1000, perSecond }),
    )
    while (attack.some((clients) => clients.opened() < count)) await sleep(10)
    process.send!('open')
  })
}

const part = process.argv[2] as Part
// Whoever has started it is gone.
process.on('disconnect', () => process.exit())
runWhenIdle()
if (part === 'clients') startClients()
else await startTargetPart()
