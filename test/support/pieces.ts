// Bytes cut at any places, each piece as a packet of its own.
import { connect, type Socket } from 'node:net'
import { fc } from './property.ts'

/** Writes the pieces as packets of their own, and resolves with all that comes back. */
export function sendInPieces(port: number, pieces: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    let received = ''
    const socket = connect(port, '127.0.0.1', () => void writePieces(socket, pieces))
    socket.setNoDelay(true)
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1')
    })
    socket.on('error', () => socket.destroy())
    socket.on('close', () => resolve(received))
  })
}

export async function writePieces(socket: Socket, pieces: readonly string[]): Promise<void> {
  for (const piece of pieces) {
    if (!socket.writable) return
    socket.write(Buffer.from(piece, 'latin1'))
    // The gateway reads in this very process: a turn each, and it has.
    for (let turn = 0; turn < 3; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
  }
}

export function cut(text: string, places: readonly number[]): readonly string[] {
  const at = [...new Set(places.map((place) => Math.floor(place * text.length)))].sort((a, b) => a - b)
  return [0, ...at].map((from, index) => text.slice(from, at[index])).filter((piece) => piece !== '')
}

export const places = fc.array(
  fc.integer({ min: 0, max: 999 }).map((at) => at / 1000),
  { maxLength: 6 },
)
