// Uploads over a real connection, and readers of their bodies.
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { ClientBody } from '../../../src/edge/client-body.ts'
import { type Arrived, arrive } from './wire.ts'

export interface Upload extends Arrived {
  readonly body: ClientBody
}

const head = (framing: string) => `POST / HTTP/1.1\r\nHost: x\r\n${framing}\r\n\r\n`

export async function upload(length: number, bytes = ''): Promise<Upload> {
  const arrived = await arrive(head(`Content-Length: ${length}`) + bytes)
  return { ...arrived, body: new ClientBody(arrived.raw, { contentLength: length, chunked: false }) }
}

export async function chunkedUpload(bytes = ''): Promise<Upload> {
  const arrived = await arrive(head('Transfer-Encoding: chunked') + bytes)
  return { ...arrived, body: new ClientBody(arrived.raw, { contentLength: undefined, chunked: true }) }
}

export async function textOf(reader: Readable): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of reader) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('latin1')
}

export async function failureOf(reader: Readable): Promise<unknown> {
  return (await textOf(reader).catch((error) => error)) as unknown
}

/** Waits for exactly so many bytes to have been taken by the reader. */
export async function readSome(reader: Readable, bytes: number): Promise<string> {
  let text = ''
  while (text.length < bytes) {
    const chunk = reader.read() as Buffer | null
    if (chunk === null) await once(reader, 'readable')
    else text += chunk.toString('latin1')
  }
  return text
}
