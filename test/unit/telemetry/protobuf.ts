// Reads protobuf messages without a schema: field number -> values in order. Enough to look into an OTLP export.

type Field = bigint | Buffer
export type Message = ReadonlyMap<number, readonly Field[]>

export function readMessage(bytes: Buffer): Message {
  const fields = new Map<number, Field[]>()
  let at = 0
  const varint = (): bigint => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes.readUInt8(at++)
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }
  const take = (length: number): Buffer => {
    if (at + length > bytes.length) throw new Error('the message ends in the middle of a field')
    at += length
    return bytes.subarray(at - length, at)
  }
  const read = (wireType: number): Field => {
    if (wireType === 0) return varint()
    if (wireType === 1) return take(8)
    if (wireType === 2) return take(Number(varint()))
    if (wireType === 5) return take(4)
    throw new Error(`wire type ${wireType} does not occur in OTLP`)
  }
  while (at < bytes.length) {
    const tag = Number(varint())
    const value = read(tag & 7)
    fields.set(tag >> 3, [...(fields.get(tag >> 3) ?? []), value])
  }
  return fields
}

export const messages = (message: Message, field: number): Message[] =>
  (message.get(field) ?? []).map((value) => readMessage(value as Buffer))

export const text = (message: Message, field: number): string => bytes(message, field).toString('utf8')

export const hex = (message: Message, field: number): string => bytes(message, field).toString('hex')

/** A varint, a fixed32 or a fixed64, unsigned. */
export function integer(message: Message, field: number): number {
  const value = message.get(field)?.[0] ?? 0n
  if (typeof value === 'bigint') return Number(value)
  return value.length === 4 ? value.readUInt32LE() : Number(value.readBigUInt64LE())
}

export const double = (message: Message, field: number): number => bytes(message, field).readDoubleLE()

function bytes(message: Message, field: number): Buffer {
  const value = message.get(field)?.[0] ?? Buffer.alloc(0)
  if (typeof value === 'bigint') throw new Error(`field ${field} is a number`)
  return value
}
