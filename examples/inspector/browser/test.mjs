// Load, watch a hit appear, explain, expire, purge, switch, clear, see the table empty: with the keyboard alone where that
// matters, in light and dark, and refused from another site.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

const { CHROMIUM, INSPECTOR, MODULES } = process.env
const { chromium } = createRequire(`${MODULES}/`)('playwright-core')

const inspector = spawn(INSPECTOR, ['--until-stdin-closes'], { stdio: ['pipe', 'pipe', 'inherit'] })
const [line] = await once(createInterface(inspector.stdout), 'line')
const page = line.trim()
const origin = new URL(page).origin
const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
let failed = false
try {
  for (const colorScheme of ['light', 'dark']) await look(colorScheme)
  await refused()
  console.log('inspector: all is well')
} catch (error) {
  failed = true
  console.error(error)
} finally {
  await browser.close()
  inspector.stdin.end()
  const [code] = await once(inspector, 'exit')
  process.exit(failed || code !== 0 ? 1 : 0)
}

async function look (colorScheme) {
  const context = await browser.newContext({ colorScheme, viewport: { width: 1280, height: 900 } })
  const tab = await context.newPage()
  const mistakes = []
  tab.on('pageerror', error => mistakes.push(error))
  tab.on('console', message => { if (message.type() === 'error') mistakes.push(message.text()) })
  await tab.goto(page)
  const rows = tab.locator('#stored tr')
  const get = async path => assert.equal((await fetch(origin + path)).status, 200)
  const number = name => tab.locator('#numbers div', { has: tab.locator('dt', { hasText: new RegExp(`^${name}$`) }) }).locator('dd')
  const has = (locator, text) => locator.filter({ hasText: text }).first().waitFor()

  await has(tab.locator('#status'), 'live')
  const before = Number(await number('hits').textContent())
  for (const path of ['/fresh/1', '/fresh/2', '/short/1', '/never/1']) await get(path)
  for (let n = 0; n < 5; n++) await get('/fresh/1')
  await has(number('hits'), String(before + 5))
  await has(tab.locator('#total'), '(3)')
  assert.equal(await rows.count(), 3)
  await has(tab.locator('#happened'), '/fresh/1: hit')
  assert.ok(await tab.locator('#bars rect').count() > 0, 'a bar for what was asked')
  assert.match(await tab.locator('#plot').getAttribute('aria-label'), /hit ratio \d+ %/)

  // Sorted by hits, searched by tag.
  await tab.getByRole('button', { name: 'Hits' }).click()
  await tab.getByRole('button', { name: 'Hits' }).click()
  await has(rows.first(), '/fresh/1')
  await tab.getByLabel('Search in URLs and tags').fill('short')
  await has(tab.locator('#total'), '(1)')
  await tab.getByLabel('Search in URLs and tags').fill('')
  await has(tab.locator('#total'), '(3)')

  // With the keyboard alone: to the field, the URL, Enter.
  await tab.getByLabel('URL, or path at the upstream').focus()
  await tab.keyboard.type('/fresh/1')
  await tab.keyboard.press('Enter')
  await has(tab.locator('#explained'), 'answer with the stored response')
  await has(tab.locator('#explained'), 'freshness_lifetime 60 s, by max-age')
  await tab.screenshot({ path: `${MODULES}/${colorScheme}.png`, fullPage: true })
  const colour = await tab.evaluate(() => getComputedStyle(document.body).backgroundColor)
  assert.equal(colour, colorScheme === 'dark' ? 'rgb(20, 23, 28)' : 'rgb(246, 247, 249)')

  // Expired, it is asked about; purged, it is gone.
  await tab.getByLabel('What', { exact: true }).selectOption('tag')
  await tab.getByLabel('Value', { exact: true }).fill('fresh')
  await tab.getByRole('button', { name: 'Expire', exact: true }).click()
  await has(tab.locator('#status'), 'expire: 2 responses')
  await has(rows, 'stale')
  await tab.getByLabel('What', { exact: true }).focus()
  await tab.keyboard.press('Tab')
  await tab.keyboard.press('Tab')
  await tab.keyboard.press('Enter')
  await has(tab.locator('#status'), 'purge: 2 responses')
  await has(tab.locator('#total'), '(1)')

  // Offline, nothing is asked; and back.
  await tab.getByLabel('Offline').check()
  await has(tab.locator('#mode'), 'Offline')
  assert.equal((await fetch(`${origin}/fresh/3`)).status, 504)
  await tab.getByLabel('Normal').check()
  await has(tab.locator('#mode'), 'Normal')

  await tab.getByRole('button', { name: 'Clear all' }).press('Enter')
  await tab.locator('#empty').waitFor({ state: 'visible' })
  assert.equal(await rows.count(), 0)
  await has(number('stored'), /^0$/)
  assert.deepEqual(mistakes, [])
  await context.close()
}

// A page of another site that has the browser ask.
async function refused () {
  const elsewhere = createServer((request, response) => {
    response.setHeader('content-type', 'text/html')
    response.end('<!doctype html><title>elsewhere</title>')
  }).listen(0, '127.0.0.1')
  await once(elsewhere, 'listening')
  await fetch(`${origin}/fresh/1`)
  const tab = await browser.newPage()
  await tab.goto(`http://localhost:${elsewhere.address().port}/`)
  const asked = await tab.evaluate(async target => {
    const sent = await fetch(`${target}/_cache/api/clear`, { method: 'POST', mode: 'no-cors' })
    const read = await fetch(`${target}/_cache/api/entries`).then(() => 'read', () => 'not read')
    return [sent.type, read]
  }, origin)
  assert.deepEqual(asked, ['opaque', 'not read'])
  await tab.close()
  elsewhere.close()
  const { total } = await (await fetch(`${origin}/_cache/api/entries`)).json()
  assert.equal(total, 1, 'another site has cleared nothing')
}
