/** The live page as a browser test meets it: built, served, opened in a Chromium. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { build } from 'vite'
import type { Chromium } from './services/chromium.ts'
import { repositoryRoot } from './services/locations.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Where screenshots are put to be looked at; none unless told. */
const SHOTS = process.env['FOREWARM_TEST_SHOTS']

/** Builds the page where a gateway that runs from sources looks for it. */
export const buildPage = () => build({ root: join(repositoryRoot, 'src/page'), logLevel: 'warn' })

/** With the locale C, in which the packed Chromium names a language that is none: the page has to stand that. */
export const launch = ({ executablePath, env }: Chromium): Promise<Browser> =>
  chromium.launch({
    executablePath,
    env: { ...process.env, ...env, LC_ALL: 'C.UTF-8' },
    args: ['--no-sandbox'],
  })

export type Look = {
  readonly width?: number
  readonly scheme?: 'light' | 'dark'
  /** What somebody has signed in with before. */
  readonly token?: string
  /** Pattern of addresses that do not answer. */
  readonly away?: string
}

/** A tab of its own; what goes wrong in it is noted in `troubles`. */
export async function openPage(browser: Browser, url: string, look: Look, troubles: string[]): Promise<Page> {
  const page = await browser.newPage({
    viewport: { width: look.width ?? 1_280, height: 900 },
    colorScheme: look.scheme ?? 'light',
  })
  page.on('console', (message) => message.type() === 'error' && troubles.push(message.text()))
  page.on('pageerror', (error) => troubles.push(error.message))
  page.setDefaultTimeout(60_000)
  if (look.token !== undefined) await page.addInitScript(`sessionStorage.setItem('forewarm.token', '${look.token}')`)
  if (look.away !== undefined) await page.route(look.away, (route) => route.abort())
  await page.goto(url)
  return page
}

export async function screenshot(page: Page, name: string): Promise<void> {
  if (SHOTS !== undefined) await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true })
}

/** What axe objects to by WCAG 2.1 A and AA, and by its own good practice. */
export async function axeObjections(page: Page): Promise<readonly string[]> {
  await page.evaluate(AXE)
  const tags = '["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]'
  const found = await page.evaluate(`axe.run(document, { runOnly: ${tags} })`)
  const { violations } = found as { violations: { id: string; nodes: { html: string }[] }[] }
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
}
