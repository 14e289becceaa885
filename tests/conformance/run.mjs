// Runs http-cache-tests against examples/proxy in both modes, prints what came of it, and fails where it
// is less than `expected.md` says.

import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { KINDS, VERSION, count, load, select } from './suite.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))
const root = fileURLToPath(new URL('../..', import.meta.url))
const { values: options } = parseArgs({
  options: {
    modes: { type: 'string', default: 'private,shared' },
    'at-once': { type: 'string', default: '50' },
    strict: { type: 'boolean', default: false }
  }
})

const children = new Set()
process.on('exit', () => children.forEach(child => child.kill('SIGKILL')))
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1))
setTimeout(() => fail('it has not come to its end in ten minutes'), 600_000).unref()

function fail (why) {
  console.log(`conformance: failed: ${why}`)
  process.exit(1)
}

function command (program, args, settings = {}) {
  const ran = spawnSync(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8', maxBuffer: 1 << 28, ...settings })
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
    ...(mode === 'shared' ? ['--shared'] : []), ...(options.strict ? [] : ['--plain'])])
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

const target = JSON.parse(command('cargo', ['metadata', '--format-version', '1', '--no-deps'])).target_directory
const directory = install(target)
const { suites, surrogate, display } = await load(directory)
const all = [...suites, surrogate]
const program = build()
for (const mode of options.modes.split(',')) {
  const started = Date.now()
  const results = await run(mode, directory, program)
  writeFileSync(`${directory}/results-${mode}.json`, JSON.stringify(results, null, 2))
  const counts = count(all, select(suites, mode), results, display)
  console.log(`\n== ${mode} (${Math.round((Date.now() - started) / 1000)} s)`)
  for (const kind of KINDS) {
    const { total, passed, short } = counts[kind]
    console.log(`${kind}: ${passed.length}/${total}`)
    for (const line of short) console.log(`  ${line.join(' ')}`)
  }
  const other = count(all, [surrogate], results, display)
  console.log('surrogate', KINDS.map(kind => `${kind} ${other[kind].passed.length}/${other[kind].total}`).join(', '))
}
