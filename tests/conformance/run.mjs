// Runs http-cache-tests against examples/proxy in both modes, prints what came of it, and fails where it
// is less than `expected.md` says.
//
//   --defaults        our defaults instead of `--plain`; compares with nothing
//   --modes LIST      private,shared
//   --at-once N       how many tests run at once

import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { expectations } from './expected.mjs'
import { KINDS, VERSION, count, load, select } from './suite.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))
const root = fileURLToPath(new URL('../..', import.meta.url))
const { values: options } = parseArgs({
  options: {
    modes: { type: 'string', default: 'private,shared' },
    'at-once': { type: 'string', default: '100' },
    defaults: { type: 'boolean', default: false }
  }
})

const children = new Set()
process.on('exit', () => children.forEach(child => child.kill('SIGKILL')))
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1))

function fail (why) {
  console.log(`conformance: failed: ${why}`)
  process.exit(1)
}

function command (program, args, settings = {}) {
  const ran = spawnSync(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8', maxBuffer: 1 << 28, timeout: 1_200_000, ...settings })
  if (ran.status !== 0) fail(`${program} ${args.join(' ')}: ${ran.error ?? ran.stdout}`)
  return ran.stdout
}

// A child that prints a line with its address when it is there.
function serve (name, program, args, env = {}) {
  return new Promise(resolve => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } })
    children.add(child)
    child.on('error', error => fail(`${name}: ${error}`))
    child.on('exit', code => { if (children.has(child)) fail(`${name} has ended: ${code}`) })
    child.stderr.resume()
    createInterface(child.stdout).on('line', line => {
      const at = /http:\/\/127\.0\.0\.1:(\d+)/.exec(line)
      if (at) resolve({ child, port: at[1] })
    })
  })
}

// Ends a child that we have started, and says how it ended.
function end (child, signal) {
  return new Promise(resolve => {
    children.delete(child)
    child.once('exit', (code, by) => resolve(by ?? code))
    child.kill(signal)
    setTimeout(() => child.kill('SIGKILL'), 15_000).unref()
  })
}

function install (target) {
  const directory = `${target}/conformance`
  const held = `${directory}/node_modules/http-cache-tests/package.json`
  if (!existsSync(held) || JSON.parse(readFileSync(held)).version !== VERSION) {
    mkdirSync(directory, { recursive: true })
    writeFileSync(`${directory}/package.json`, '{ "private": true }\n')
    const packages = [`http-cache-tests@${VERSION}`, 'node-fetch@2.7.0']
    command('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--no-package-lock', ...packages], { cwd: directory })
  }
  return directory
}

function build () {
  const out = command('cargo', ['build', '--quiet', '--example', 'proxy', '--message-format', 'json'])
  const built = out.split('\n').filter(Boolean).map(line => JSON.parse(line))
  return built.find(it => it.executable && it.target.name === 'proxy').executable
}

async function run (mode, directory, proxyProgram) {
  const suite = `${directory}/node_modules/http-cache-tests`
  const origin = await serve('the origin', process.execPath, ['--no-warnings', '-r', `${here}loopback.cjs`, `${suite}/server/server.mjs`], {
    npm_config_protocol: 'http',
    npm_config_port: '0',
    npm_config_pidfile: `${directory}/origin-${mode}.pid`
  })
  const proxy = await serve('the proxy', proxyProgram, ['--listen', '0', '--origin', origin.port, '--fresh-connections',
    ...(mode === 'shared' ? ['--shared'] : []), ...(options.defaults ? [] : ['--plain'])])
  const results = await new Promise(resolve => {
    const args = ['--no-warnings', `${here}client.mjs`, directory, mode, `http://127.0.0.1:${proxy.port}`, options['at-once']]
    const client = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] })
    children.add(client)
    let out = ''
    client.stdout.on('data', part => { out += part })
    client.on('close', code => {
      children.delete(client)
      code === 0 ? resolve(JSON.parse(out)) : fail(`the client has ended: ${code}`)
    })
  })
  const ended = await end(proxy.child, 'SIGINT')
  if (ended !== 0) fail(`the proxy has not stopped when it was asked to: ${ended}`)
  await end(origin.child, 'SIGTERM')
  return results
}

const figures = counts => KINDS.map(kind => `${kind} ${counts[kind].passed.length}/${counts[kind].tested.length}`).join(', ')

// Prints what came of a mode, and returns what is worse than expected.
function report (mode, selected, counts, surrogates) {
  console.log(`\n== ${mode}: ${figures(counts)}`)
  const expected = options.defaults ? new Map() : expectations(`${here}expected.md`, mode)
  const known = new Set(selected.flatMap(suite => suite.tests).map(test => test.id))
  const worse = [...expected.keys()].filter(id => !known.has(id)).map(id => `${id}: listed, and no test`)
  for (const kind of KINDS) {
    const { tested, passed, other } = counts[kind]
    console.log(`\n${kind}: ${passed.length} of ${tested.length} pass`)
    for (const [id, what] of other) {
      const { heading, why } = expected.get(id) ?? {}
      if (!heading) worse.push(`${id}: ${what}`)
      console.log(heading ? `  ${heading}: ${id}: ${why}` : `  ${id}: ${what}`)
    }
    for (const id of passed) {
      if (expected.has(id)) console.log(`  ${id} passes now: take it out of expected.md`)
    }
    tested.forEach(id => known.delete(id))
  }
  known.forEach(id => worse.push(`${id}: it was not run`))
  console.log(`\nnot counted, a W3C note of 2001 on Surrogate-Control: ${figures(surrogates)}`)
  return options.defaults ? [] : worse.map(what => `${mode}: ${what}`)
}

const target = JSON.parse(command('cargo', ['metadata', '--format-version', '1', '--no-deps'])).target_directory
const directory = install(target)
const { suites, surrogate, display } = await load(directory)
const all = [...suites, surrogate]
const program = build()
setTimeout(() => fail('it has not come to its end in ten minutes'), 600_000).unref()
const worse = []
const totals = []
for (const mode of options.modes.split(',')) {
  const results = await run(mode, directory, program)
  writeFileSync(`${directory}/results-${mode}.json`, JSON.stringify(results, null, 2))
  const selected = select(suites, mode)
  const counts = count(all, selected, results, display)
  worse.push(...report(mode, selected, counts, count(all, [surrogate], results, display)))
  totals.push(`${mode} ${figures(counts)}`)
}

console.log('\n== published with this release of the suite, counted in the same way')
for (const [file, mode] of [['trafficserver', 'shared'], ['squid', 'shared'], ['apache', 'shared'], ['chrome', 'private'], ['firefox', 'private']]) {
  const published = JSON.parse(readFileSync(`${directory}/node_modules/http-cache-tests/results/${file}.json`))
  console.log(`${file} (${mode}): ${figures(count(all, select(suites, mode), published, display))}`)
}

console.log('')
worse.forEach(what => console.log(`worse than expected: ${what}`))
if (worse.length > 0) fail(`${worse.length} tests do worse than expected`)
console.log(`conformance: ${options.defaults ? 'done' : 'as expected'}: ${totals.join('; ')}`)
process.exit(0)
