// What every command says to a command line that it cannot follow.

const EXIT_CODE = 64

/** Two lines: what is wrong, and where to read on. */
export function wrongUsage(fault: string, stderr: (text: string) => void): number {
  stderr(`turnpike: ${fault}\nhow it is used: turnpike --help\n`)
  return EXIT_CODE
}
