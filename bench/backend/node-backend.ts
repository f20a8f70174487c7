// A backend in Node: takes uploads to their end, and stands in for nginx where that is missing.
import { createReadStream } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { FILE_BYTES, SMALL_JSON } from './payloads.ts'

const [port = '0', folder = '.'] = process.argv.slice(2)

const server = createServer((request, response) => {
  if (request.method === 'GET') answer(request, response)
  // Answered at the end only: an early answer would let a proxy off the rest of the body.
  else request.on('end', () => answer(request, response)).resume()
})
server.keepAliveTimeout = 3_600_000
server.listen(Number(port), '127.0.0.1', 4096)

function answer({ url = '/' }: IncomingMessage, response: ServerResponse): void {
  const bytes = (FILE_BYTES as Readonly<Record<string, number>>)[url]
  if (bytes === undefined) {
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': SMALL_JSON.length })
    response.end(SMALL_JSON)
    return
  }
  response.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Content-Length': bytes })
  createReadStream(join(folder, url)).pipe(response)
}
