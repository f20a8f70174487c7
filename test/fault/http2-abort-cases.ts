// Exchanges over HTTP/2 that one side breaks off at some byte: a stream alone, or the whole connection.
import { once } from 'node:events'
import { connect } from 'node:net'
import { ERROR, FrameClient } from '../support/http2-frame-client.ts'
import { data, FLAG, frame, headers, PREFACE, rst, settings, TYPE } from '../support/http2-frames.ts'
import { fc } from '../support/property.ts'
import {
  type AnswerPlan,
  answerBytes,
  answerPath,
  bodyOf,
  type Ending,
  end,
  readPath,
} from './breaking-target.ts'

/** What a client may send before it knows more: the window of a stream. */
const MAX_UPLOAD_BYTES = 60_000
const MAX_DATA_BYTES = 16_384
const SETTINGS_INITIAL_WINDOW_SIZE = 4
const LARGE_WINDOW = 2 ** 30
const STREAM = 1

export interface Http2AbortCase {
  readonly who: 'client sends' | 'client reads' | 'target answers' | 'target reads'
  readonly route: '/plain' | '/guarded'
  readonly framing: AnswerPlan['framing']
  readonly size: number
  /** Where it breaks: a share of all bytes. */
  readonly share: number
  /** `stream`: the client takes back its request, and the connection goes on. */
  readonly ending: Ending | 'stream'
}

export const http2AbortCase: fc.Arbitrary<Http2AbortCase> = fc.record({
  who: fc.constantFrom('client sends', 'client reads', 'target answers', 'target reads'),
  route: fc.constantFrom('/plain', '/guarded'),
  framing: fc.constantFrom('length', 'chunked', 'chunked, close', 'until closed'),
  size: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 60_000 })),
  share: fc.oneof(
    fc.constantFrom(0, 1),
    fc.integer({ min: 0, max: 10_000 }).map((at) => at / 10_000),
  ),
  ending: fc.constantFrom('fin', 'reset', 'stream'),
})

/** Plays it, and says what was wrong with what the client got; undefined when nothing was. */
export async function playHttp2(one: Http2AbortCase, port: number): Promise<string | undefined> {
  if (one.who === 'client sends') return sendSome(one, port)
  if (one.who === 'client reads') return readSome(one, port)
  const ending = one.ending === 'stream' ? 'fin' : one.ending
  if (one.who === 'target reads') {
    const path = readPath(Math.floor(one.share * one.size), ending)
    return judge(await ask(upload(one, path), port), undefined)
  }
  const plan = { framing: one.framing, size: one.size, ending } as const
  const bytes = answerBytes(plan)
  const cutAt = Math.floor(one.share * bytes.length)
  const answered = await ask(get(one, answerPath({ ...plan, cutAt })), port)
  return judge(answered, wholeBody(plan, bytes, cutAt))
}

/** What a client may take for the whole body; undefined: nothing. */
function wholeBody(plan: AnswerPlan, bytes: string, cutAt: number): string | undefined {
  // Without a length the end of the connection is the end of the body, unless it is a reset.
  if (plan.framing !== 'until closed') return cutAt === bytes.length ? bodyOf(plan.size) : undefined
  const arrived = bytes.slice(0, cutAt)
  const headEnd = arrived.indexOf('\r\n\r\n')
  return plan.ending === 'fin' && headEnd >= 0 ? arrived.slice(headEnd + 4) : undefined
}

/** An answer is whole and right, or the gateway's own refusal, or visibly broken off. */
function judge(client: FrameClient, rightBody: string | undefined): string | undefined {
  if (!client.ended(STREAM)) return undefined
  const body = client.body(STREAM)
  if (client.status(STREAM) === 200) return body === rightBody ? undefined : 'a clean 200 with another body'
  const code = /"code":"(\w+)"/.exec(body)?.[1]
  return client.status(STREAM) === 502 && code?.startsWith('UPSTREAM_') ? undefined : `no answer: ${code}`
}

/** Cut anywhere, in the preface of the connection as well. */
async function sendSome(one: Http2AbortCase, port: number): Promise<undefined> {
  const path = answerPath({ framing: 'length', size: 100, ending: 'fin' })
  const bytes = Buffer.concat([PREFACE, settings(), ...upload(one, path)])
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {}).resume()
  await once(socket, 'connect')
  const closed = once(socket, 'close')
  const cut = bytes.subarray(0, Math.floor(one.share * bytes.length))
  socket.write(cut, () => {
    if (one.ending === 'stream' && one.share === 1) socket.write(rst(STREAM, ERROR.cancel))
    end(socket, one.ending === 'reset' ? 'reset' : 'fin')
  })
  await closed
  return undefined
}

async function readSome(one: Http2AbortCase, port: number): Promise<undefined> {
  const plan = { framing: one.framing, size: one.size, ending: 'fin' } as const
  const client = await dial(port)
  const { socket } = client
  const readUntil = Math.ceil(one.share * answerBytes(plan).length)
  const closed = once(socket, 'close')
  const stop = () => {
    if (one.ending === 'stream') client.send(rst(STREAM, ERROR.cancel))
    end(socket, one.ending === 'reset' ? 'reset' : 'fin')
  }
  socket.on('data', () => {
    if (socket.bytesRead >= readUntil || client.ended(STREAM) || client.reset(STREAM) !== undefined) stop()
  })
  client.send(...get(one, answerPath(plan)))
  await closed
  return undefined
}

/** Resolves when the stream has ended, one way or the other; its connection is closed then. */
async function ask(request: readonly Buffer[], port: number): Promise<FrameClient> {
  const client = await dial(port)
  const { socket } = client
  const closed = once(socket, 'close')
  socket.on('data', () => {
    if (client.ended(STREAM) || client.reset(STREAM) !== undefined) socket.destroySoon()
  })
  client.send(...request)
  await closed
  return client
}

async function dial(port: number): Promise<FrameClient> {
  const client = await FrameClient.connect(port, { pairs: [[SETTINGS_INITIAL_WINDOW_SIZE, LARGE_WINDOW]] })
  const increment = Buffer.alloc(4)
  increment.writeUInt32BE(LARGE_WINDOW)
  client.send(frame(TYPE.windowUpdate, 0, 0, increment))
  return client
}

const head = (method: string, path: string) => [
  ...[':method', method, ':scheme', 'http', ':path', path, ':authority', 'gw.test'],
]

function get({ route }: Http2AbortCase, path: string): Buffer[] {
  return [headers(STREAM, head('GET', `${route}${path}`), FLAG.endHeaders | FLAG.endStream)]
}

function upload({ route, framing, size }: Http2AbortCase, path: string): Buffer[] {
  const body = Buffer.from(bodyOf(Math.min(size, MAX_UPLOAD_BYTES)))
  const length = framing === 'length' ? ['content-length', String(body.length)] : []
  const frames = [headers(STREAM, [...head('POST', `${route}${path}`), ...length])]
  for (let at = 0; at < body.length; at += MAX_DATA_BYTES) {
    frames.push(data(STREAM, body.subarray(at, at + MAX_DATA_BYTES)))
  }
  return [...frames, data(STREAM, '', FLAG.endStream)]
}
