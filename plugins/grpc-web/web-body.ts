// A service's body of gRPC for a page: messages as they come, the trailers as a last frame behind them.
import { type BodySink, type GatewayError, grpcTrailers, type ResponseBody } from '../../src/plugin.ts'
import { MessageScan } from './message-scan.ts'

/** The first byte of the frame that holds the trailers instead of a message. */
const TRAILERS_FLAG = 0x80

export interface WebBodyFacts {
  /** What the head said already that belongs behind the body. */
  readonly trailers: readonly string[]
  /** In base64. */
  readonly asText: boolean
}

export class WebBody implements ResponseBody {
  /** Never: the last frame is made when the service has ended. */
  readonly complete = undefined
  readonly #body: ResponseBody
  readonly #facts: WebBodyFacts

  constructor(body: ResponseBody, facts: WebBodyFacts) {
    this.#body = body
    this.#facts = facts
  }

  stream(sink: BodySink): void {
    const { trailers: said, asText } = this.#facts
    const scan = new MessageScan()
    const write = (bytes: Buffer) => sink.write(asText ? toText(bytes) : bytes)
    this.#body.stream({
      get isTaken() {
        return sink.isTaken ?? false
      },
      write(chunk) {
        scan.take(chunk)
        return write(chunk)
      },
      end(trailers) {
        write(trailersFrame([...said, ...trailers]))
        sink.end([])
      },
      fail(failure) {
        // Inside a message nothing more can be said.
        if (!scan.isBetween || !tellable(failure)) return sink.fail(failure)
        write(trailersFrame(grpcTrailers(failure)))
        return sink.end([])
      },
    })
  }

  resume(): void {
    this.#body.resume()
  }

  discard(): void {
    this.#body.discard()
  }

  onEnd(listener: (failure: GatewayError | undefined) => void): void {
    this.#body.onEnd(listener)
  }
}

function tellable({ code }: GatewayError): boolean {
  return code !== 'CLIENT_CLOSED'
}

// What is sent at once is padded for itself: the rest of a message must not wait for the next one.
function toText(bytes: Buffer): Buffer {
  return Buffer.from(bytes.toString('base64'), 'latin1')
}

function trailersFrame(pairs: readonly string[]): Buffer {
  let block = ''
  for (let at = 0; at < pairs.length; at += 2) block += `${pairs[at]!.toLowerCase()}: ${pairs[at + 1]}\r\n`
  const text = Buffer.from(block, 'latin1')
  const head = Buffer.alloc(5)
  head[0] = TRAILERS_FLAG
  head.writeUInt32BE(text.length, 1)
  return Buffer.concat([head, text])
}
