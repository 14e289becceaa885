// Reads `expected.md`.

import { readFileSync } from 'node:fs'

// Of each test that is not expected to pass in this mode: under which heading it stands, and why.
export function expectations (file, mode) {
  const expected = new Map()
  let heading = ''
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (line.startsWith('## ')) heading = line.slice(3).toLowerCase()
    const [, id, of, why] = /^\| (\S+) \| (both|private|shared) \| (.+) \|$/.exec(line) ?? []
    if (id === undefined || (of !== 'both' && of !== mode)) continue
    if (expected.has(id)) throw new Error(`${id} is listed twice`)
    expected.set(id, { heading, why })
  }
  return expected
}
