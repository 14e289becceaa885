// The suite: its tests, which of them are for which cache, and its rule for what a result is worth.

import { pathToFileURL } from 'node:url'

export const VERSION = '0.4.5'
export const KINDS = ['required', 'optimal', 'check']

// What a private cache must not do, or has no reason to.
const SHARED_ONLY = id =>
  /-shared(-|$)/.test(id) || id.startsWith('other-authorization')
// What a shared cache must not do. `immutable` is asked of browsers alone, and can be asked of any cache.
const PRIVATE_ONLY = id => /-private(-|$)/.test(id)

export async function load (directory) {
  const from = path => import(pathToFileURL(`${directory}/node_modules/${path}`))
  const suites = (await from('http-cache-tests/tests/index.mjs')).default
  const surrogate = (await from('http-cache-tests/tests/surrogate-control.mjs')).default
  const display = await from('http-cache-tests/lib/display.mjs')
  return { from, suites, surrogate, display }
}

// The tests for a cache of this mode. The runner of the suite would leave out those for browsers.
export function select (suites, mode) {
  const isOther = mode === 'private' ? SHARED_ONLY : PRIVATE_ONLY
  return suites.map(suite => ({
    ...suite,
    tests: suite.tests
      .filter(test => !isOther(test.id))
      .map(({ browser_only, ...test }) => test)
  }))
}

// Of each kind: how many tests there are, the ids that pass, and the others with what came of them.
export function count (all, selected, results, display) {
  const counts = Object.fromEntries(KINDS.map(kind => [kind, { total: 0, passed: [], short: [] }]))
  for (const test of selected.flatMap(suite => suite.tests)) {
    const of = counts[test.kind ?? 'required']
    const [, , symbol] = display.determineTestResult(all, test.id, results)
    if (symbol === '-') continue
    of.total += 1
    if (symbol === '✅' || symbol === 'Y') of.passed.push(test.id)
    else of.short.push([test.id, symbol, detail(results[test.id])])
  }
  return counts
}

function detail (result) {
  return Array.isArray(result) ? `${result[0]}: ${result[1]}` : 'what it depends on has not passed'
}
