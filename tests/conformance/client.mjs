// The client of the suite: runs the tests for a mode against a base URI, and prints the results as JSON.

import { load, select } from './suite.mjs'

const [, , directory, mode, base, atOnce] = process.argv
const { from, suites, surrogate } = await load(directory)
const { runTests, getResults } = await from('http-cache-tests/client/runner.mjs')
const fetch = (await from('node-fetch/lib/index.js')).default

const print = console.log
console.log = console.error
await runTests([...select(suites, mode), surrogate], fetch, false, base, Number(atOnce))
print(JSON.stringify(getResults()))
process.exit(0)
