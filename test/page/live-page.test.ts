import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { type ForewarmProcess, spawnForewarm } from '../support/process.ts'
import { files, get, makeSite, publish } from '../support/site.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Where screenshots are put to be looked at; none unless told. */
const SHOTS = process.env['FOREWARM_TEST_SHOTS']

function chromiumHere(): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const names = folders.flatMap((folder) => [join(folder, 'chromium'), join(folder, 'chromium-browser')])
  const found = process.env['FOREWARM_TEST_CHROMIUM'] ?? names.find(existsSync)
  if (found === undefined)
    throw new Error('no Chromium: install the package chromium, or name it in FOREWARM_TEST_CHROMIUM')
  return found
}

describe('the live page in Chromium', () => {
  let browser: Browser
  let up: ForewarmProcess
  let url: string
  const troubles: string[] = []

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: chromiumHere(), args: ['--no-sandbox'] })
    const folder = makeSite()
    up = spawnForewarm(['--config', 'settings.yaml', 'up'], { cwd: folder })
    const line = JSON.parse(await up.line(/gateway listens"/, 60_000))
    url = line.url ?? `http://127.0.0.1:${line.port}`
    for (const hours of [6, 5, 4, 3, 2, 1]) await publish(url, `before-${hours}`, files, hours * 3_600_000)
    await eventually(
      () => get(url, '/model/files?path=main.ts'),
      ({ frequency }) => frequency === 6,
      { withinMs: 60_000 },
    )
    await publish(url, 'now', files.slice(0, 2), 0)
  })

  afterAll(async () => {
    await browser.close()
    await up.kill('SIGTERM')
  })

  async function open(look: { width?: number; scheme?: 'light' | 'dark' } = {}): Promise<Page> {
    const page = await browser.newPage({
      viewport: { width: look.width ?? 1_280, height: 900 },
      colorScheme: look.scheme ?? 'light',
    })
    page.on('console', (message) => message.type() === 'error' && troubles.push(message.text()))
    page.on('pageerror', (error) => troubles.push(error.message))
    await page.goto(url)
    await page.getByText('Live', { exact: true }).waitFor()
    await page.getByText(`${files.length} files`).waitFor()
    return page
  }

  const shot = async (page: Page, name: string) => {
    if (SHOTS !== undefined) await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true })
  }

  test('shows what is learned, and the session now running with what is predicted for it', async () => {
    const page = await open()
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('forewarm')
    expect(await page.getByRole('combobox', { name: 'Session' }).inputValue()).toBe('now')
    const predicted = page.locator('h3:text-is("Predicted") + ol')
    for (const name of files.slice(2)) await predicted.getByText(name).waitFor()
    const came = page.locator('h3:text-is("Came") + ol')
    expect(await came.locator('code').allTextContents()).toEqual(files.slice(0, 2).toReversed())
    await shot(page, 'light')
    expect(troubles).toEqual([])
  })

  test.each(['light', 'dark'] as const)('has nothing that axe objects to, %s', async (scheme) => {
    const page = await open({ scheme })
    await shot(page, scheme)
    await page.evaluate(AXE)
    const found = await page.evaluate('axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] })')
    const { violations } = found as { violations: { id: string; nodes: { html: string }[] }[] }
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual([])
  })

  test('goes on a narrow screen without scrolling aside', async () => {
    const page = await open({ width: 400 })
    await shot(page, 'narrow')
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0)
  })

  test('the kill switch pauses and resumes by keyboard alone, and the page tells who', async () => {
    const page = await open()
    page.on('dialog', (dialog) => void dialog.accept())
    const pause = page.getByRole('button', { name: 'Pause warming' })
    await pause.focus()
    await page.keyboard.press('Enter')
    await page.getByText(/Paused since .* by live page/).waitFor()
    expect(await get(url, '/status')).toMatchObject({ pauses: [{ workspace: 'web', by: 'live page' }] })
    await page.getByRole('button', { name: 'Resume warming' }).focus()
    await page.keyboard.press('Space')
    await page.getByText('Warming of this workspace is on.').waitFor()
    expect(await get(url, '/status')).toMatchObject({ pauses: [] })
  })

  test('what is published while it is open comes by itself', async () => {
    const page = await open()
    await publish(url, 'later', files.slice(0, 3), 0)
    await page.locator('option[value=later]').waitFor({ state: 'attached', timeout: 60_000 })
  })
})
