// Exchanges that one side breaks off at some byte, each with what the client may have seen of it.
import { connect } from 'node:net'
import { fc } from '../support/property.ts'
import { readAnswer } from '../support/raw-answer.ts'
import {
  type AnswerPlan,
  answerBytes,
  answerPath,
  bodyOf,
  type Ending,
  end,
  readPath,
} from './breaking-target.ts'

export interface AbortCase {
  readonly who: 'client sends' | 'client reads' | 'target answers' | 'target reads'
  /** Under `/guarded` filters stand around the call. */
  readonly route: '/plain' | '/guarded'
  readonly framing: AnswerPlan['framing']
  readonly size: number
  /** Where it breaks: a share of all bytes. */
  readonly share: number
  readonly ending: Ending
}

const size = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 200_000 }))

export const abortCase: fc.Arbitrary<AbortCase> = fc.record({
  who: fc.constantFrom('client sends', 'client reads', 'target answers', 'target reads'),
  route: fc.constantFrom('/plain', '/guarded'),
  framing: fc.constantFrom('length', 'chunked', 'chunked, close', 'until closed'),
  size,
  share: fc.oneof(
    fc.constantFrom(0, 1),
    fc.integer({ min: 0, max: 10_000 }).map((at) => at / 10_000),
  ),
  ending: fc.constantFrom('fin', 'reset'),
})

/** Plays it, and says what was wrong with what the client got; undefined when nothing was. */
export async function play(one: AbortCase, port: number): Promise<string | undefined> {
  if (one.who === 'client sends') {
    await converse(port, upload(one, '/answer-of-100'), { sendUntil: one.share, ending: one.ending })
    return undefined
  }
  if (one.who === 'client reads') {
    const plan = { framing: one.framing, size: one.size, ending: one.ending } as const
    const readUntil = Math.ceil(one.share * answerBytes(plan).length)
    await converse(port, get(one, answerPath(plan)), { readUntil, ending: one.ending })
    return undefined
  }
  if (one.who === 'target reads') {
    const path = readPath(Math.floor(one.share * one.size), one.ending)
    return judge(await converse(port, upload(one, path)), undefined)
  }
  return targetAnswers(one, port)
}

async function targetAnswers(one: AbortCase, port: number): Promise<string | undefined> {
  const plan = { framing: one.framing, size: one.size, ending: one.ending } as const
  const bytes = answerBytes(plan)
  const cutAt = Math.floor(one.share * bytes.length)
  const arrived = bytes.slice(0, cutAt)
  const received = await converse(port, get(one, answerPath({ ...plan, cutAt })))
  const body = arrived.slice(bytes.indexOf('\r\n\r\n') + 4)
  // Without a length the end of the connection is the end of the body, unless it is a reset.
  const isWhole =
    one.framing === 'until closed'
      ? one.ending === 'fin' && arrived.includes('\r\n\r\n')
      : arrived.length === bytes.length
  return judge(received, isWhole ? (one.framing.startsWith('chunked') ? bodyOf(one.size) : body) : undefined)
}

/** An answer is whole and right, or the gateway's own refusal, or visibly broken off. */
function judge(received: string, rightBody: string | undefined): string | undefined {
  const answer = readAnswer(received)
  if (answer === undefined || !answer.whole) return undefined
  if (answer.status === 200) return answer.body === rightBody ? undefined : 'a clean 200 with another body'
  const code = /"code":"(\w+)"/.exec(answer.body)?.[1]
  return answer.status === 502 && code?.startsWith('UPSTREAM_') ? undefined : `${answer.status} ${code}`
}

function get({ route }: AbortCase, path: string): string {
  return `GET ${route}${path} HTTP/1.1\r\nHost: gw.test\r\nConnection: close\r\n\r\n`
}

function upload({ route, framing, size }: AbortCase, path: string): string {
  const target =
    path === '/answer-of-100' ? answerPath({ framing: 'length', size: 100, ending: 'fin' }) : path
  const head = `POST ${route}${target} HTTP/1.1\r\nHost: gw.test\r\nConnection: close\r\n`
  if (framing === 'length') return `${head}Content-Length: ${size}\r\n\r\n${bodyOf(size)}`
  const coded = answerBytes({ framing: 'chunked', size, ending: 'fin' })
    .split('\r\n\r\n')
    .slice(1)
    .join('\r\n\r\n')
  return `${head}Transfer-Encoding: chunked\r\n\r\n${coded}`
}

interface Breaking {
  /** A share of the bytes that are sent before the client ends the connection. */
  readonly sendUntil?: number
  /** Bytes that are read before the client ends the connection. */
  readonly readUntil?: number
  readonly ending?: Ending
}

/** Resolves with all that came back when the connection is gone. */
function converse(port: number, bytes: string, breaking: Breaking = {}): Promise<string> {
  const { sendUntil, readUntil = Number.POSITIVE_INFINITY, ending = 'fin' } = breaking
  return new Promise((resolve) => {
    let received = ''
    const socket = connect(port, '127.0.0.1', () => {
      if (sendUntil === undefined) socket.write(bytes, 'latin1')
      else socket.write(bytes.slice(0, sendUntil * bytes.length), 'latin1', () => end(socket, ending))
      if (readUntil === 0) end(socket, ending)
    })
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1')
      if (received.length >= readUntil) end(socket, ending)
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(received))
  })
}
