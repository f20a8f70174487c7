// A process of its own, with `--expose-gc`: sessions and streams of clients end in every way at once and are collected.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { toLimits } from '../../../../src/config/to-limits.ts'
import type { ClientRequest, ClientResponse } from '../../../../src/edge/client-request.ts'
import { Http2Sessions } from '../../../../src/edge/http2/http2-sessions.ts'
import { systemClock } from '../../../../src/system-clock.ts'
import { dice } from '../../../support/dice.ts'
import {
  data,
  FLAG,
  frame,
  headerBlock,
  PREFACE,
  rst,
  settings,
  TYPE,
} from '../../../support/http2-frames.ts'

const AT_ONCE = 50
const ROUNDS = Number(process.argv[2])
const STREAMS = [1, 3, 5, 7, 9, 11]
const CANCEL = 8
const SETTINGS_INITIAL_WINDOW_SIZE = 4
const LARGE = 2 ** 30
/** SETTINGS and WINDOW_UPDATE. */
const OWN_WORDS_BYTES = 60

const HEAD = [':method', 'POST', ':scheme', 'http', ':path', '/x', ':authority', 'gw.test']
// Long enough to be kept outside of the tables of the compression.
const LONG = ['x-long', 'v'.repeat(300), 'x-longer', 'v'.repeat(900)]
const GOOD = headerBlock([...HEAD, ...LONG])
/** Of these fields are held already when the head is refused. */
const REFUSED = headerBlock([...HEAD, ...LONG, 'connection', 'close'])
const MANY = headerBlock([
  ...HEAD,
  ...Array.from({ length: 200 }, (_, at) => [`x-${at}`, 'w'.repeat(20)]).flat(),
])
const REFUSED_TRAILERS = headerBlock([...LONG, 'connection', 'close'])
const WHOLE = FLAG.endHeaders | FLAG.endStream

const random = dice(1)
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!

/** What a client may do to a stream; each leaves something of a head behind, or nothing. */
const MOVES: readonly ((stream: number) => Buffer[])[] = [
  (stream) => [frame(TYPE.headers, WHOLE, stream, GOOD)],
  (stream) => [frame(TYPE.headers, WHOLE, stream, REFUSED)],
  (stream) => [frame(TYPE.headers, WHOLE, stream, MANY)],
  (stream) => [frame(TYPE.headers, FLAG.endHeaders, stream, GOOD), rst(stream, CANCEL)],
  (stream) => [
    frame(TYPE.headers, FLAG.endHeaders, stream, GOOD),
    data(stream, 'abc'),
    frame(TYPE.headers, WHOLE, stream, REFUSED_TRAILERS),
  ],
]

const sessions = new Http2Sessions({ clock: systemClock, limits: toLimits(), onRequest })
const server = createServer((socket) => {
  socket.on('error', () => {})
  sessions.accept(socket)
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const { port } = server.address() as AddressInfo

// Some answers stand in the way of what is read, some are over at once.
function onRequest(request: ClientRequest, response: ClientResponse): void {
  request.on('error', () => {})
  request.resume()
  response.writeHead(200, undefined, [])
  if (random() < 0.5) for (let part = 0; part < 20; part++) response.write(Buffer.alloc(64 * 1024))
  if (random() < 0.5) response.end('x', 'latin1')
}

async function attack(): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  await once(socket, 'connect')
  socket.write(Buffer.concat([PREFACE, settings([SETTINGS_INITIAL_WINDOW_SIZE, LARGE])]))
  socket.write(Buffer.concat(STREAMS.flatMap((stream) => pick(MOVES)(stream))))
  // A head that has begun and has no end (CVE-2024-27983).
  if (random() < 0.5) socket.write(frame(TYPE.headers, 0, 101, GOOD.subarray(0, 700)))
  const closed = once(socket, 'close')
  const read = random() < 0.5
  socket.on('data', () => void (read || socket.pause()))
  // It has been read: what the server says of itself alone is shorter.
  while (socket.bytesRead < OWN_WORDS_BYTES) await setImmediate()
  for (let turns = Math.floor(random() * 4); turns > 0; turns--) await setImmediate()
  if (random() < 0.5) socket.resetAndDestroy()
  else socket.destroy()
  await closed
}

for (let round = 0; round < ROUNDS; round++) {
  await Promise.all(Array.from({ length: AT_ONCE }, attack))
  await setImmediate()
  globalThis.gc!({ type: 'minor', execution: 'sync' })
  if (round % 3 === 0) globalThis.gc!()
}
process.stdout.write('alive')
process.exit(0)
