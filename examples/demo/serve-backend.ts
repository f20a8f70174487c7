// One demo backend as a process of its own: `node serve-backend.ts NAME PORT`, as docker-compose.yml starts it.
import { BACKEND_NAMES, startBackend } from './backends.ts'

const [given, port] = process.argv.slice(2)
const name = BACKEND_NAMES.find((known) => known === given)

if (!name || !/^\d+$/.test(port ?? '')) {
  console.error(`usage: node serve-backend.ts ${BACKEND_NAMES.join('|')} PORT`)
  process.exitCode = 64
} else {
  const backend = await startBackend(name, '0.0.0.0', Number(port))
  console.log(`${name} serves on ${backend.url}`)
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void backend.close())
}
