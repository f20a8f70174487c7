// What is shown of the gateway's state: named fields only, so that nothing else can ever leak through.
import type { GenerationFacts, RouteView, ServiceView, TargetView, WorkerView } from './admin-source.ts'

export function generationView({ number, hash, since, file }: GenerationFacts): object {
  return { number, hash, since: new Date(since).toISOString(), file }
}

export function routesView(routes: Iterable<RouteView>): object {
  return { routes: Array.from(routes, routeView) }
}

function routeView(route: RouteView): object {
  const { id, service, pattern, hosts, methods, headers, query, rewrite, redirect, respond, plugins } = route
  return { id, service, pattern, hosts, methods, headers, query, rewrite, redirect, respond, plugins }
}

export function servicesView(services: Iterable<ServiceView>): object {
  return {
    services: Array.from(services, ({ name, targets }) => ({ name, targets: targets.map(targetView) })),
  }
}

function targetView({ url, healthy, inFlight, ewmaMs, ejectedUntil }: TargetView): object {
  return {
    url: withoutCredentials(url),
    healthy,
    inFlight,
    ewmaMs: ewmaMs ?? null,
    ejectedUntil: ejectedUntil === undefined ? null : new Date(ejectedUntil).toISOString(),
  }
}

export function workersView(workers: Iterable<WorkerView>): object {
  return { workers: Array.from(workers, workerView) }
}

function workerView({ slot, pid, state, generation, startedAt, starts, lastExit }: WorkerView): object {
  return {
    slot,
    pid: pid ?? null,
    state,
    generation,
    startedAt: new Date(startedAt).toISOString(),
    starts,
    lastExit: lastExit ?? null,
  }
}

function withoutCredentials(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/]*@/i, '$1')
}
