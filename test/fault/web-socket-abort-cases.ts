// WebSocket connections that one side breaks off at some byte: of the handshake, of a header, of a payload.
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { fc } from '../support/property.ts'
import { frame } from '../unit/web-socket/frames.ts'
import { type Ending, end } from './breaking-target.ts'

/** RFC 6455 section 1.3. */
const ACCEPT_SALT = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const KEY = Buffer.alloc(16).toString('base64')
const HEAD_END = '\r\n\r\n'

export interface WebSocketAbortCase {
  readonly who: 'client sends' | 'client reads' | 'target answers' | 'target reads'
  readonly route: '/plain' | '/guarded'
  /** Payloads of the frames on its way. */
  readonly sizes: readonly number[]
  /** Where it breaks: a share of all bytes. */
  readonly share: number
  /** `close`: the sender says that it closes, in the middle or not. */
  readonly ending: Ending | 'close'
}

export const webSocketAbortCase: fc.Arbitrary<WebSocketAbortCase> = fc.record({
  who: fc.constantFrom('client sends', 'client reads', 'target answers', 'target reads'),
  route: fc.constantFrom('/plain', '/guarded'),
  sizes: fc.array(fc.oneof(fc.nat(200), fc.integer({ min: 100, max: 70_000 })), {
    minLength: 1,
    maxLength: 4,
  }),
  share: fc.oneof(
    fc.constantFrom(0, 1),
    fc.integer({ min: 0, max: 10_000 }).map((at) => at / 10_000),
  ),
  ending: fc.constantFrom('fin', 'reset', 'close'),
})

export interface BreakingSockets {
  readonly url: string
  /** Connections that are open. */
  running(): number
  close(): Promise<void>
}

/** What the target does stands in the path of the handshake. */
interface Plan {
  /** Bytes of its answer, head included, that go out before it ends. */
  readonly sends: number
  /** Bytes behind the handshake that it takes before it ends. */
  readonly takes: number
  readonly sizes: readonly number[]
  readonly ending: WebSocketAbortCase['ending']
}

const FOR_EVER = 1e9
const closeFrame = (masked: boolean) => frame(Buffer.from([0x03, 0xe8]), { opcode: 8, masked })
const framesOf = (sizes: readonly number[], masked: boolean) =>
  Buffer.concat(sizes.map((size) => frame(Buffer.alloc(size, 'w'), { masked })))

export async function startBreakingSockets(): Promise<BreakingSockets> {
  const open = new Set<Socket>()
  const server = createServer((socket) => {
    open.add(socket)
    socket.on('close', () => open.delete(socket)).on('error', () => {})
    serve(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    running: () => open.size,
    async close() {
      for (const socket of open) socket.destroy()
      server.close()
    },
  }
}

function serve(socket: Socket): void {
  let received = ''
  let plan: Plan | undefined
  let takes = 0
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('latin1')
    const headEnd = received.indexOf(HEAD_END)
    if (headEnd < 0) return
    if (plan === undefined) {
      plan = planOf(received)
      takes = plan.takes
      answer(socket, received, plan)
    }
    if (received.length - headEnd - HEAD_END.length >= takes) finish(socket, plan.ending)
  })
  // Nobody is left to talk to.
  socket.on('end', () => socket.end())
}

function planOf(head: string): Plan {
  return JSON.parse(decodeURIComponent(/\?(\S+)/.exec(head)![1]!)) as Plan
}

function answer(socket: Socket, head: string, { sends, sizes, ending }: Plan): void {
  const bytes = answerBytes(/sec-websocket-key: (\S+)/i.exec(head)![1]!, sizes)
  if (sends >= FOR_EVER) socket.write(bytes)
  else socket.write(bytes.subarray(0, Math.floor(sends * bytes.length)), () => finish(socket, ending))
}

function answerBytes(key: string, sizes: readonly number[]): Buffer {
  const accept = createHash('sha1')
    .update(key + ACCEPT_SALT)
    .digest('base64')
  const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade']
  const text = [...lines, `Sec-WebSocket-Accept: ${accept}`].join('\r\n') + HEAD_END
  return Buffer.concat([Buffer.from(text), framesOf(sizes, false)])
}

function finish(socket: Socket, ending: WebSocketAbortCase['ending'], masked = false): void {
  if (ending === 'close' && socket.writable) socket.write(closeFrame(masked))
  end(socket, ending === 'reset' ? 'reset' : 'fin')
}

/** Plays it, and says what was wrong with what the client got; undefined when nothing was. */
export async function playWebSocket(one: WebSocketAbortCase, port: number): Promise<string | undefined> {
  const { who, sizes, share, ending } = one
  const length = framesOf(sizes, false).length
  const plan: Plan = {
    sends: who === 'target answers' ? share : FOR_EVER,
    takes: who === 'target reads' ? Math.floor(share * length) : FOR_EVER,
    sizes,
    ending,
  }
  const handshake = [
    `GET ${one.route}/talk?${encodeURIComponent(JSON.stringify(plan))} HTTP/1.1`,
    ...['Host: gw.test', 'Connection: Upgrade', 'Upgrade: websocket'],
    ...['Sec-WebSocket-Version: 13', `Sec-WebSocket-Key: ${KEY}`],
  ]
  const bytes = Buffer.concat([Buffer.from(handshake.join('\r\n') + HEAD_END), framesOf(sizes, true)])
  const sendUntil = who === 'client sends' ? Math.floor(share * bytes.length) : undefined
  const readUntil = who === 'client reads' ? Math.ceil(share * length) : FOR_EVER
  const received = await converse({ port, bytes, sendUntil, readUntil, ending })
  return judge(received, sentBy(plan))
}

/** Behind the handshake; what is said in the middle of a frame is a part of it. */
function sentBy({ sends, sizes, ending }: Plan): Buffer {
  const bytes = answerBytes(KEY, sizes)
  const cut = bytes.subarray(0, sends >= FOR_EVER ? bytes.length : Math.floor(sends * bytes.length))
  const frames = cut.subarray(cut.indexOf(HEAD_END) + HEAD_END.length)
  return ending === 'close' ? Buffer.concat([frames, closeFrame(false)]) : frames
}

interface Conversation {
  readonly port: number
  readonly bytes: Buffer
  readonly sendUntil: number | undefined
  readonly readUntil: number
  readonly ending: WebSocketAbortCase['ending']
}

/** Resolves with all that came back when the connection is gone. */
function converse({ port, bytes, sendUntil, readUntil, ending }: Conversation): Promise<Buffer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(bytes.subarray(0, sendUntil), () => {
        if (sendUntil !== undefined) finish(socket, ending, true)
      })
    })
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      if (socket.bytesRead >= readUntil) finish(socket, ending, true)
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(Buffer.concat(chunks)))
  })
}

/** After a 101 come bytes that the target has sent, and the gateway's close frame at most; else it is its refusal. */
function judge(received: Buffer, sent: Buffer): string | undefined {
  const headEnd = received.indexOf(HEAD_END)
  if (headEnd < 0) return undefined
  const status = received.toString('latin1', 9, 12)
  if (status !== '101') return ['502', '504'].includes(status) ? undefined : `refused by ${status}`
  const body = received.subarray(headEnd + HEAD_END.length)
  let same = 0
  while (same < body.length && body[same] === sent[same]) same++
  const left = body.subarray(same)
  return left.length === 0 || (left.length === 4 && left[0] === 0x88) ? undefined : 'frames that nobody sent'
}
