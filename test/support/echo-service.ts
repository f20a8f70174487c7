// A service of gRPC for tests, with a real server: it echoes, fails, hangs or counts as the text says.
import { fileURLToPath } from 'node:url'
import { createFileRegistry, type DescService, fromBinary } from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import {
  type GrpcObject,
  loadPackageDefinition,
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceClientConstructor,
  type sendUnaryData,
} from '@grpc/grpc-js'
import { loadSync, type MessageTypeDefinition } from '@grpc/proto-loader'

export interface Text {
  readonly value: string
}

const definition = loadSync(fileURLToPath(new URL('../fixtures/echo.proto', import.meta.url)))

/** The client's class of grpc-js. */
export const EchoClient = (loadPackageDefinition(definition)['test'] as GrpcObject)[
  'Echo'
] as ServiceClientConstructor

/** The same service for clients of Connect. */
export function echoDescriptor(): DescService {
  const text = definition['test.Text'] as MessageTypeDefinition<object, object>
  const proto = fromBinary(FileDescriptorProtoSchema, text.fileDescriptorProtos[0]!)
  return createFileRegistry(proto, () => undefined).getService('test.Echo')!
}

export interface EchoServer {
  readonly port: number
  /** The metadata of every call so far. */
  readonly calls: Metadata[]
  /** How many calls were cancelled. */
  cancelled(): number
  /** Milliseconds until the deadline of the last call. */
  left(): number
  close(): void
}

/**
 * `fail 5 gone` fails with that status, `hang` never answers, anything else is echoed with its metadata. What follows a
 * number is how counting ends.
 */
export async function startEchoServer(credentials = ServerCredentials.createInsecure()): Promise<EchoServer> {
  const server = new Server({ 'grpc.max_receive_message_length': -1 })
  const seen = { calls: [] as Metadata[], cancelled: 0, left: 0 }
  server.addService(EchoClient.service, handlers(seen))
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', credentials, (error, bound) => (error ? reject(error) : resolve(bound))),
  )
  return {
    port,
    calls: seen.calls,
    cancelled: () => seen.cancelled,
    left: () => seen.left,
    close: () => server.forceShutdown(),
  }
}

interface Seen {
  readonly calls: Metadata[]
  cancelled: number
  left: number
}

type AnyCall = {
  readonly metadata: Metadata
  sendMetadata(metadata: Metadata): void
  getDeadline(): Date | number
  on(event: 'cancelled', listener: () => void): unknown
}

function handlers(seen: Seen) {
  const arrive = (call: AnyCall) => {
    seen.calls.push(call.metadata)
    seen.left = Number(call.getDeadline()) - Date.now()
    call.on('cancelled', () => seen.cancelled++)
  }
  return {
    Say(call: ServerUnaryCall<Text, Text>, done: sendUnaryData<Text>) {
      arrive(call)
      const { value } = call.request
      if (value === 'hang') return
      if (value.startsWith('fail')) return done(failure(value))
      call.sendMetadata(echoed(call.metadata))
      done(null, { value }, trailer())
    },
    Count(call: ServerWritableStream<Text, Text>) {
      arrive(call)
      const [count, ...ending] = call.request.value.split(' ')
      for (let at = 0; at < Number(count); at++) call.write({ value: String(at) })
      if (ending[0] === 'fail') call.emit('error', failure(ending.join(' ')))
      else if (ending[0] !== 'hang') call.end(trailer())
    },
    Join(call: ServerReadableStream<Text, Text>, done: sendUnaryData<Text>) {
      arrive(call)
      const values: string[] = []
      call.on('data', ({ value }: Text) => values.push(value))
      call.on('end', () => {
        if (values[0] !== 'hang') done(null, { value: values.join('') }, trailer())
      })
    },
    Chat(call: ServerDuplexStream<Text, Text>) {
      arrive(call)
      call.on('data', (text: Text) => {
        if (text.value.startsWith('fail')) call.emit('error', failure(text.value))
        else if (text.value === 'hang') call.removeAllListeners('end')
        else call.write(text)
      })
      call.on('end', () => call.end(trailer()))
    },
  }
}

function failure(text: string) {
  const [, code, ...details] = text.split(' ')
  return { code: Number(code), details: details.join(' '), metadata: trailer() }
}

function echoed(metadata: Metadata): Metadata {
  const back = new Metadata()
  for (const name of ['x-word', 'x-data-bin']) for (const value of metadata.get(name)) back.add(name, value)
  return back
}

function trailer(): Metadata {
  const metadata = new Metadata()
  metadata.add('x-trailer', 'behind')
  return metadata
}
