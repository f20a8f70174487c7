// A target that speaks HTTP/2 frame by frame, as it is told; and a service in front of it.
import type { Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import type { ServiceSettings } from '../../../../src/upstream/settings.ts'
import {
  type Frame,
  FrameReader,
  PREFACE,
  settings,
  settingsAck,
  TYPE,
} from '../../../support/http2-frames.ts'
import { startRawTarget } from '../../../support/target-server.ts'
import { createRequest, type RequestOptions, startService, targets } from '../rig.ts'

export interface RawHttp2 {
  readonly sockets: Socket[]
  /** Every frame that came, of all connections. */
  readonly frames: Frame[]
}

export interface RawScript {
  /** Sent at once; SETTINGS without it, no word at all when null. */
  readonly hello?: Buffer | null
  /** For the HEADERS of each request. */
  onRequest?(socket: Socket, stream: number): void
  onFrame?(socket: Socket, frame: Frame): void
}

export async function startRawHttp2(script: RawScript, rest: Partial<ServiceSettings> = {}) {
  const raw: RawHttp2 = { sockets: [], frames: [] }
  const server = await startRawTarget((socket) => {
    raw.sockets.push(socket)
    socket.setNoDelay()
    socket.write(script.hello ?? (script.hello === null ? '' : settings()))
    const reader = new FrameReader()
    let preface = PREFACE.length
    socket.on('data', (chunk: Buffer) => {
      const skipped = Math.min(preface, chunk.length)
      preface -= skipped
      for (const frame of reader.push(chunk.subarray(skipped))) take(script, raw, { socket, frame })
    })
  })
  onTestFinished(() => server.close())
  const rig = startService({ targets: targets(`h2c://127.0.0.1:${server.port}`), ...rest })
  const call = (options: RequestOptions = {}) => rig.service.call(createRequest(options))
  return { raw, rig, call }
}

function take(
  script: RawScript,
  raw: RawHttp2,
  { socket, frame }: { readonly socket: Socket; readonly frame: Frame },
): void {
  raw.frames.push(frame)
  if (script.hello !== null && frame.type === TYPE.settings && frame.flags === 0) socket.write(settingsAck())
  if (frame.type === TYPE.headers) script.onRequest?.(socket, frame.stream)
  script.onFrame?.(socket, frame)
}
