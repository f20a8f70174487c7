// The bare library as its README shows it: a Fastify with @fastify/http-proxy in front of one upstream.
import httpProxy from '@fastify/http-proxy'
import fastify from 'fastify'

const [port = '0', upstream = ''] = process.argv.slice(2)

const server = fastify()
await server.register(httpProxy, { upstream })
await server.listen({ port: Number(port), host: '127.0.0.1', backlog: 4096 })
