// Plain reverse proxies from the system's packages, set up as their manuals say for keep-alive on both sides.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { requestHead } from '../load/request-bytes.ts'
import { findProgram } from '../machine/programs.ts'
import type { Command } from '../processes/child.ts'
import type { Contestant, Site } from './contestant.ts'

/** More than the connections of any scenario. */
const MAX_CONNECTIONS = 15_000
/** Kept open to the backend when idle: fewer than the load has would mean connecting again and again. */
const IDLE_TO_BACKEND = 256

export const direct: Contestant = {
  name: 'direct',
  launch: undefined,
  requests: (shape) => [requestHead(shape)],
}

export const nginx = peer('nginx', (program, site) => {
  const file = writeConfig(site, 'nginx.conf', nginxConfig(site))
  return { program, args: ['-c', file, '-e', `${site.folder}/error.log`] }
})

export const haproxy = peer('haproxy', (program, site) => ({
  program,
  args: ['-db', '-f', writeConfig(site, 'haproxy.cfg', haproxyConfig(site))],
}))

export const caddy = peer('caddy', (program, site) => ({
  program,
  args: ['run', '--config', writeConfig(site, 'Caddyfile', caddyConfig(site)), '--adapter', 'caddyfile'],
  env: { HOME: site.folder, XDG_CONFIG_HOME: site.folder, XDG_DATA_HOME: site.folder },
}))

function peer(name: string, command: (program: string, site: Site) => Command): Contestant {
  const program = findProgram(name)
  return {
    name,
    missing: program === undefined ? `${name} is not installed (apt-get install ${name})` : undefined,
    launch: (site) => command(program ?? name, site),
    requests: (shape) => [requestHead(shape)],
  }
}

function writeConfig({ folder }: Site, name: string, text: string): string {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}

// Bodies are streamed like everybody else's: buffering to disk is what nginx does by default.
function nginxConfig({ folder, port, backendPort }: Site): string {
  return `worker_processes 1;
daemon off;
${process.getuid?.() === 0 ? 'user root;' : ''}
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
worker_rlimit_nofile ${MAX_CONNECTIONS + 1000};
events { worker_connections ${MAX_CONNECTIONS}; }
http {
  access_log off;
  keepalive_requests 1000000000;
  keepalive_timeout 1h;
  client_max_body_size 0;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  upstream backend {
    server 127.0.0.1:${backendPort};
    keepalive ${IDLE_TO_BACKEND};
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://backend;
      proxy_http_version 1.1;
      proxy_set_header Host $host;
      proxy_set_header Connection "";
      proxy_request_buffering off;
      proxy_max_temp_file_size 0;
    }
  }
}
`
}

function haproxyConfig({ port, backendPort }: Site): string {
  // It would ask for two files a connection, more than machines often allow; idle connections need only one.
  return `global
  no strict-limits
  nbthread 1
  maxconn ${MAX_CONNECTIONS}
defaults
  mode http
  timeout connect 5s
  timeout client 1h
  timeout server 1h
  timeout http-keep-alive 1h
  http-reuse safe
frontend clients
  bind 127.0.0.1:${port} backlog 4096
  default_backend targets
backend targets
  server backend 127.0.0.1:${backendPort} pool-max-conn ${IDLE_TO_BACKEND}
`
}

function caddyConfig({ port, backendPort }: Site): string {
  return `{
  admin off
  auto_https off
}
http://:${port} {
  bind 127.0.0.1
  reverse_proxy 127.0.0.1:${backendPort} {
    transport http {
      keepalive 1h
      keepalive_idle_conns_per_host ${IDLE_TO_BACKEND}
    }
  }
}
`
}
