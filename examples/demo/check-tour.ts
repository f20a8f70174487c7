// Walks the tour: performs every printed command and compares what it prints with what was promised.
import { curlCommand, fetchLikeCurl, hasCurl, runInShell } from './curl.ts'
import type { Stop } from './tour.ts'

/** Says what differed, one entry for each command. */
export async function checkTour(tour: readonly Stop[]): Promise<string[]> {
  const withCurl = hasCurl()
  console.log(
    withCurl
      ? 'Running each printed command in a shell:'
      : 'There is no curl here: sending the same requests with fetch instead:',
  )
  const faults: string[] = []
  for (const stop of tour) {
    const output = await (withCurl ? runInShell(curlCommand(stop.request)) : tryFetch(stop))
    const missing = stop.expect.filter((pattern) => !pattern.test(output))
    console.log(`  ${missing.length === 0 ? 'ok    ' : 'DIFFERS'}  ${stop.promise}`)
    if (missing.length > 0) faults.push(describeFault(stop, output, missing))
  }
  return faults
}

async function tryFetch({ request }: Stop): Promise<string> {
  try {
    return await fetchLikeCurl(request)
  } catch (thrown) {
    return `cannot send it: ${(thrown as Error).message}`
  }
}

function describeFault({ promise, request }: Stop, output: string, missing: readonly RegExp[]): string {
  return [
    '',
    `DIFFERS: ${promise}`,
    `  command   ${curlCommand(request)}`,
    `  missing   ${missing.join('   ')}`,
    `  printed   ${output.trimEnd().replaceAll('\n', '\n            ')}`,
  ].join('\n')
}
