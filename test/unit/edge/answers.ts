// Answers to a real request, and bodies that a test feeds by hand.
import { type SendableAnswer, type SendFacts, sendAnswer } from '../../../src/edge/send-answer.ts'
import { Spread } from '../../../src/edge/spread.ts'
import { TurnShare } from '../../../src/edge/turn-share.ts'
import { WriteDeadlines } from '../../../src/edge/write-deadlines.ts'
import { HeaderList } from '../../../src/headers.ts'
import type { BodySink, ResponseBody } from '../../../src/plugin.ts'
import { systemClock } from '../../../src/system-clock.ts'
import { type Arrived, arrive } from './wire.ts'

export const get = (method = 'GET', version = '1.1') =>
  arrive(`${method} / HTTP/${version}\r\nHost: x\r\n\r\n`)

/** A body that the test feeds by hand. */
export class FedBody implements ResponseBody {
  complete: readonly Buffer[] | undefined
  sink: BodySink | undefined
  resumed = 0

  constructor(complete?: readonly Buffer[]) {
    this.complete = complete
  }

  stream(sink: BodySink): void {
    this.sink = sink
  }

  resume(): void {
    this.resumed++
  }

  discard(): void {}
  onEnd(): void {}
}

export function answerTo(
  { response }: Arrived,
  answer: Partial<SendableAnswer> & Pick<SendableAnswer, 'body'>,
  facts: Partial<SendFacts> = {},
): SendFacts {
  const whole = {
    requestId: 'id-1',
    method: 'GET',
    close: true,
    sent: { bytes: 0 },
    deadlines: new WriteDeadlines(systemClock, 10_000, new Spread(systemClock)),
    turns: new TurnShare(),
    ...facts,
  }
  sendAnswer(response, { status: 200, headers: new HeaderList(), ...answer }, whole)
  return whole
}

/** Head lines without the ones that node adds by the clock, and the body. */
export async function receive({ client }: Arrived): Promise<{ head: string[]; body: string }> {
  const [head = '', ...body] = (await client.ended()).split('\r\n\r\n')
  return { head: head.split('\r\n').filter((line) => !line.startsWith('Date:')), body: body.join('\r\n\r\n') }
}

export const latin1 = Buffer.from(Array.from({ length: 256 }, (_, code) => code))
