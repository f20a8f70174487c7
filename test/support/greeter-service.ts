// The service of gRPC that the examples speak of, with a real server.
import { fileURLToPath } from 'node:url'
import { createFileRegistry, type DescService, fromBinary } from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import {
  type GrpcObject,
  loadPackageDefinition,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceClientConstructor,
  type sendUnaryData,
} from '@grpc/grpc-js'
import { loadSync, type MessageTypeDefinition } from '@grpc/proto-loader'
import { onTestFinished } from 'vitest'

export interface HelloRequest {
  readonly name: string
}

export interface HelloReply {
  readonly message: string
}

const definition = loadSync(fileURLToPath(new URL('../fixtures/greeter.proto', import.meta.url)))

/** The client's class of grpc-js. */
export const GreeterClient = (loadPackageDefinition(definition)['helloworld'] as GrpcObject)[
  'Greeter'
] as ServiceClientConstructor

/** The same service for clients of Connect. */
export function greeterDescriptor(): DescService {
  const request = definition['helloworld.HelloRequest'] as MessageTypeDefinition<object, object>
  const proto = fromBinary(FileDescriptorProtoSchema, request.fileDescriptorProtos[0]!)
  return createFileRegistry(proto, () => undefined).getService('helloworld.Greeter')!
}

/** Greets once or, when it is watched, twice; the first `failures` calls are UNAVAILABLE. Its address, gone with the test. */
export async function startGreeter({ failures = 0 } = {}): Promise<string> {
  const server = new Server()
  let left = failures
  server.addService(GreeterClient.service, {
    SayHello({ request }: ServerUnaryCall<HelloRequest, HelloReply>, done: sendUnaryData<HelloReply>) {
      if (left-- > 0) done({ code: 14, details: 'not yet' })
      else done(null, { message: `Hello ${request.name}` })
    },
    Watch(call: ServerWritableStream<HelloRequest, HelloReply>) {
      for (const word of ['Hello', 'Again']) call.write({ message: `${word} ${call.request.name}` })
      call.end()
    },
  })
  onTestFinished(() => server.forceShutdown())
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  )
  return `h2c://127.0.0.1:${port}`
}
