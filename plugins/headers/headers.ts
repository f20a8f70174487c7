// The plugin `headers`: sets, adds and removes header fields of the request to the service and of the response.
import { FieldNames, type HeaderList, type PlacedHooks, type Plugin } from '../../src/plugin.ts'
import { type HeaderChanges, type HeadersSettings, settings } from './settings.ts'

export const headers = {
  name: 'headers',
  stage: 'request',
  summary: 'Sets, adds and removes header fields of requests and responses.',
  settings,
  create: createHeaders,
} satisfies Plugin<HeadersSettings>

type Edit = (list: HeaderList) => void

function createHeaders({ request, response }: HeadersSettings): readonly PlacedHooks[] {
  const editRequest = request && compileEdit(request)
  const editResponse = response && compileEdit(response)
  const hooks: PlacedHooks[] = []
  if (editRequest) {
    hooks.push({ stage: 'request', onRequest: (exchange) => editRequest(exchange.request.headers) })
  }
  // At the edge, so that a refusal of a later stage gets them too: a 401 without HSTS would be a gap.
  if (editResponse) hooks.push({ stage: 'edge', onResponse: (_exchange, head) => editResponse(head.headers) })
  return hooks
}

function compileEdit({ set = {}, add = {}, remove = [] }: HeaderChanges): Edit {
  const removed = new FieldNames(remove)
  const replaced = Object.entries(set)
  const added = Object.entries(add).flatMap(([name, values]) =>
    [values].flat().map((value) => [name, value] as const),
  )
  return (list) => {
    list.removeAll(removed)
    for (const [name, value] of replaced) list.set(name, value)
    for (const [name, value] of added) list.append(name, value)
  }
}
