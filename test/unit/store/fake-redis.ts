// A peer that speaks RESP and answers what a test tells it to, or nothing.
import { type AddressInfo, createServer, type Socket } from 'node:net'

/** The answer to one command, as raw bytes; undefined: none. */
export type Answer = (command: readonly string[]) => string | undefined

export interface FakeRedis {
  readonly url: string
  /** Every command in upper case, in order. */
  readonly commands: string[]
  answer: Answer
  /** Closes every connection, and goes on listening. */
  hangUp(): void
  close(): Promise<void>
}

/** What a healthy Redis would say to everything but scripts. */
export function politely(command: readonly string[]): string {
  return command[0] === 'INFO' ? bulk('loading:0\r\n') : '+OK\r\n'
}

export function bulk(text: string): string {
  return `$${Buffer.byteLength(text)}\r\n${text}\r\n`
}

/** The flat list of integers with which the limit script answers. */
export function integers(...values: number[]): string {
  return `*${values.length}\r\n${values.map((value) => `:${value}\r\n`).join('')}`
}

export function isScript(command: readonly string[]): boolean {
  return command[0] === 'EVAL' || command[0] === 'EVALSHA'
}

export async function startFakeRedis(answer: Answer): Promise<FakeRedis> {
  const sockets = new Set<Socket>()
  const commands: string[] = []
  const server = createServer((socket) => {
    sockets.add(socket)
    let received = ''
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1')
      for (let next = readCommand(received); next; next = readCommand(received)) {
        received = received.slice(next.length)
        commands.push(next.words[0]!)
        const reply = fake.answer(next.words)
        if (reply !== undefined) socket.write(reply)
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const fake: FakeRedis = {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    commands,
    answer,
    hangUp: () => {
      for (const socket of sockets) socket.destroy()
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
  return fake
}

/** One array of bulk strings at the start of the text, the first word in upper case; undefined when incomplete. */
function readCommand(text: string): { words: string[]; length: number } | undefined {
  const [head, count] = /^\*(\d+)\r\n/.exec(text) ?? []
  if (head === undefined) return undefined
  const words: string[] = []
  let at = head.length
  for (let left = Number(count); left > 0; left--) {
    const [size, length] = /^\$(\d+)\r\n/.exec(text.slice(at)) ?? []
    if (size === undefined || text.length < at + size.length + Number(length) + 2) return undefined
    at += size.length
    words.push(text.slice(at, at + Number(length)))
    at += Number(length) + 2
  }
  words[0] = words[0]!.toUpperCase()
  return { words, length: at }
}
