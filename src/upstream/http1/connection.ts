// One HTTP/1.1 connection to a target: one request at a time, and used again only when both messages ended cleanly.
import type { Socket } from 'node:net'
import { GatewayError } from '../../errors.ts'
import { type Inlet, inletOf } from '../inlet.ts'
import { type Carrier, CONTINUE_WAIT_MS } from '../transmission.ts'
import type { Head } from './head.ts'
import { type ResponseEvents, ResponseParser } from './response-parser.ts'
import { Upload } from './upload.ts'
import { maySendAgain, type Work } from './work.ts'

/** Longer than a timer can be. */
const MAX_TIMER_MS = 2 ** 31 - 1

export interface ConnectionOwner {
  /** It may carry another request. */
  onFree(connection: Connection): void
  /** The target has closed the connection while the request was on its way there: it may be sent on another. */
  onMissed(work: Work): void
  /** It is no connection of the pool any more. */
  onGone(connection: Connection): void
}

export class Connection implements Carrier, ResponseEvents {
  readonly #socket: Socket
  readonly #inlet: Inlet
  readonly #owner: ConnectionOwner
  readonly #parser: ResponseParser
  #work: Work | undefined
  #upload: Upload | undefined
  #paused = false
  #silence: NodeJS.Timeout | undefined
  #patience: NodeJS.Timeout | undefined
  #head: Head | undefined
  #error: unknown
  #gone = false
  /** Has carried a request to its end before. */
  #isUsed = false
  /** Something of the answer has come. */
  #isHeard = false
  /** When the pool may use it no longer. */
  idleUntil = 0

  constructor(socket: Socket, owner: ConnectionOwner, maxHead: number) {
    this.#socket = socket
    this.#owner = owner
    this.#parser = new ResponseParser(this, maxHead)
    this.#inlet = inletOf(socket)
    this.#inlet.listen((bytes) => this.#take(bytes))
    socket.on('end', () => this.#ended())
    socket.on('drain', () => this.#upload?.resume())
    socket.on('close', () => this.#closed())
    // Stays, also on a tunnel: without one a reset would end the process.
    socket.on('error', (error) => {
      this.#error = error
    })
  }

  get usable(): boolean {
    return !this.#gone && this.#socket.writable
  }

  /** Milliseconds that the target keeps it without a request, if it has said so. */
  get keepAliveMs(): number | undefined {
    return this.#head?.keepAliveMs
  }

  start(work: Work): void {
    const { request, receiver, head } = work
    this.#work = work
    this.#head = undefined
    this.#isHeard = false
    this.#parser.begin({ toHead: request.method === 'HEAD', upgrade: request.upgrade })
    receiver.onStart(this)
    if (request.body) this.#startUpload(work)
    else this.#socket.write(head, 'latin1')
  }

  pause(): void {
    this.#paused = true
    this.#socket.pause()
  }

  giveBack(): void {
    this.#inlet.onReturned()
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#silence?.refresh()
    this.#socket.resume()
  }

  abort(reason: Error): void {
    this.#fail(reason)
  }

  /** Ends it, whatever it carries. */
  destroy(): void {
    this.#fail(new Error('the connection was closed'))
  }

  onHead(head: Head): void {
    const { status } = head
    if (status >= 200 || status === 101) {
      this.#head = head
      // An answer instead of 100 Continue: the body is not wanted (RFC 9110 section 10.1.1).
      clearTimeout(this.#patience)
    }
    if (status === 100) this.#upload?.open()
    else if (status >= 200) this.#work?.receiver.onHead(head)
    else if (status !== 101) this.#work?.receiver.onInterim(head)
  }

  onData(bytes: Buffer): void {
    this.#work?.receiver.onData(this.#inlet.lasting(bytes))
  }

  #startUpload({ request, head }: Work): void {
    const { body, length, expectsContinue } = request
    const socket = this.#socket
    const upload = new Upload({ socket, body: body!, length, onFailure: (error) => this.#fail(error) })
    this.#upload = upload
    if (!expectsContinue) {
      upload.start(head)
      return
    }
    socket.write(head, 'latin1')
    this.#patience = setTimeout(() => upload.open(), CONTINUE_WAIT_MS).unref()
  }

  #take(bytes: Buffer): void {
    // Nobody has asked for anything: the next request must not get this for an answer.
    if (!this.#work) {
      this.destroy()
      return
    }
    this.#isHeard = true
    this.#silence?.refresh()
    let taken: number
    try {
      taken = this.#parser.take(bytes)
    } catch (thrown) {
      // Told of when the connection has closed: what came before it in the same packet goes to the client first.
      this.#error = thrown
      this.#socket.destroy()
      return
    }
    const head = this.#head
    if (!this.#work || !head) return
    if (!this.#parser.done) this.#watchSilence(this.#work.request.idleTimeoutMs)
    else if (head.status === 101) this.#switch(head, bytes.subarray(taken))
    else this.#complete(taken === bytes.length)
  }

  #watchSilence(ms: number): void {
    if (this.#silence || ms > MAX_TIMER_MS) return
    this.#silence = setTimeout(() => {
      // It is the client that takes nothing: the service may not send.
      if (this.#paused) this.#silence?.refresh()
      else this.#fail(new GatewayError('UPSTREAM_TIMEOUT'))
    }, ms).unref()
  }

  /** `clean`: nothing came behind the answer. */
  #complete(clean: boolean): void {
    const { receiver } = this.#work!
    const { trailers } = this.#parser
    this.#isUsed = true
    const reusable = clean && this.#head!.keepAlive && (this.#upload?.done ?? true) && this.usable
    this.#release()
    if (reusable) {
      this.resume()
      this.#owner.onFree(this)
    } else this.#leave()
    receiver.onWhole(trailers)
  }

  #switch(head: Head, rest: Buffer): void {
    const { receiver } = this.#work!
    const socket = this.#socket
    this.#release()
    socket.pause()
    this.#inlet.leaveTo(socket, rest)
    this.#gone = true
    this.#owner.onGone(this)
    try {
      receiver.onSwitch(head, socket)
    } catch (thrown) {
      socket.destroy()
      receiver.onFailure(thrown)
    }
  }

  #ended(): void {
    if (!this.#work) this.#leave()
    else if (this.#parser.end() && this.#head) this.#complete(false)
    else this.#lose(new Error('the target has closed the connection'))
  }

  #closed(): void {
    this.#lose(this.#error ?? new Error('the connection was closed'))
  }

  /**
   * RFC 9112 section 9.3.1: a target may close a kept connection at any time, and so just when a request leaves. One that
   * may be sent twice is, once, and on another connection: it is no failure of the service.
   */
  #lose(error: unknown): void {
    const work = this.#work
    if (!work || !this.#isUsed || this.#isHeard || !maySendAgain(work)) {
      this.#fail(error)
      return
    }
    this.#release()
    work.isSecondTime = true
    this.#owner.onMissed(work)
    this.#leave()
  }

  #fail(error: unknown): void {
    const work = this.#work
    this.#release()
    this.#leave()
    work?.receiver.onFailure(error)
  }

  /** Of its request: whatever is left of that is of no use. */
  #release(): void {
    this.#work = undefined
    clearTimeout(this.#silence)
    clearTimeout(this.#patience)
    this.#silence = undefined
    this.#patience = undefined
    this.#upload?.stop()
    this.#upload = undefined
    this.#inlet.onEnd()
  }

  #leave(): void {
    if (this.#gone) return
    this.#gone = true
    this.#socket.destroy()
    this.#owner.onGone(this)
  }
}
