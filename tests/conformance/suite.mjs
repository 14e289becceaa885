// The suite: its tests, which of them are for which cache, and its rule for what a result is worth.

import { pathToFileURL } from 'node:url'

export const VERSION = '0.4.5'
export const KINDS = ['required', 'optimal', 'check']

// What is asked of a shared cache alone, and of a private one alone.
const isShared = id =>
  /-shared(-|$)|^other-authorization|^stale-close-(proxy-revalidate|s-maxage)/.test(id)
const isPrivate = id => /-private(-multiple)?$/.test(id)
// `immutable` is asked by way of Fetch's cache modes, which a client on the wire does not have.
const needsFetch = id => id.startsWith('cc-resp-immutable-')

export async function load (directory) {
  const from = path => import(pathToFileURL(`${directory}/node_modules/${path}`))
  const suites = (await from('http-cache-tests/tests/index.mjs')).default
  const surrogate = (await from('http-cache-tests/tests/surrogate-control.mjs')).default
  const display = await from('http-cache-tests/lib/display.mjs')
  return { from, suites, surrogate, display }
}

// The tests for a cache of this mode. The suite knows browsers and everything else, and marks the tests for
// private caches as for browsers alone: they are for ours too.
export function select (suites, mode) {
  const isOther = mode === 'private' ? isShared : isPrivate
  return suites.map(suite => ({
    ...suite,
    tests: suite.tests
      .filter(test => !isOther(test.id) && !needsFetch(test.id))
      .map(({ browser_only, ...test }) => test)
  }))
}

// Of each kind: the ids that were tested, those that pass, and what is said of the others.
export function count (all, selected, results, display) {
  const counts = Object.fromEntries(KINDS.map(kind => [kind, { tested: [], passed: [], other: new Map() }]))
  for (const { id, kind = 'required' } of selected.flatMap(suite => suite.tests)) {
    const [, , symbol] = display.determineTestResult(all, id, results)
    if (symbol === '-') continue
    counts[kind].tested.push(id)
    if (symbol === '✅' || symbol === 'Y') counts[kind].passed.push(id)
    else counts[kind].other.set(id, `${symbol} ${detail(results[id], symbol)}`)
  }
  return counts
}

function detail (result, symbol) {
  if (symbol === '⚪️') return 'a test that it depends on has not passed'
  return Array.isArray(result) ? `${result[0]}: ${result[1]}` : String(result)
}
