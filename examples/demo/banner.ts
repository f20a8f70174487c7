// The text that the demo prints once everything is up.
import type { Backend } from './backends.ts'
import { curlCommand } from './curl.ts'
import { CONFIG_FILE, type GatewayAddresses } from './gateway-process.ts'
import type { Stop } from './tour.ts'

export interface BannerFacts {
  readonly addresses: GatewayAddresses
  readonly backends: readonly Backend[]
  readonly tour: readonly Stop[]
  readonly readyMs: number
}

export function banner({ addresses, backends, tour, readyMs }: BannerFacts): string {
  const services = backends.map(({ name, url }) => `${name} ${url}`).join('   ')
  return [
    '',
    `  Turnpike demo      ready in ${readyMs} ms, limits kept in memory`,
    `  clients            ${addresses.listen}`,
    `  status             ${addresses.status}   (/livez, /readyz, /metrics)`,
    `  admin              ${addresses.admin}   (this machine only)`,
    `  services           ${services}`,
    `  config             ${CONFIG_FILE}   (edit and save: it is live at once)`,
    '',
    '  Paste these into another terminal:',
    '',
    ...tour.flatMap(({ promise, request }) => [`  ${promise}`, `    ${curlCommand(request)}`, '']),
    '  Ctrl-C stops everything.',
    '',
  ].join('\n')
}
