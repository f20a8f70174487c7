// Takes what is exported over OTLP and forgets it, so that exporting costs what it costs with a collector.
import { createServer } from 'node:http'

const [port = '0'] = process.argv.slice(2)

createServer((request, response) => {
  request.on('end', () => response.writeHead(200, { 'Content-Length': 0 }).end()).resume()
}).listen(Number(port), '127.0.0.1')
