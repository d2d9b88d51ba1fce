import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sha256Hex } from '../../src/adapters/digest.ts'
import { eventually } from '../support/eventually.ts'
import { axeObjections, buildPage, type Look, launch, openPage, screenshot } from '../support/page.ts'
import { type ForewarmProcess, spawnForewarm } from '../support/process.ts'
import { findChromium } from '../support/services/chromium.ts'
import { ask, files, get, makeSite, publish } from '../support/site.ts'

const chromium = await findChromium()

const token = 'of-a-person-who-looks'
const guest = 'of-a-guest'
/** A workspace that nobody has read at first, of a name that is far too long for its place. */
const wide = 'wide-'.repeat(40)
const newcomer = 'of-a-newcomer'
const ops = { sha256: sha256Hex(token), workspaces: ['web', wide], verbs: ['read', 'publish', 'warm', 'admin'] }
const tokens = {
  ops,
  guest: { sha256: sha256Hex(guest), workspaces: ['web'], verbs: ['read'] },
  newcomer: { sha256: sha256Hex(newcomer), workspaces: [wide], verbs: ['read', 'publish'] },
}
const settings = (tokensFile: string) => ({
  gateway: { port: 0, tokensFile },
  // Files that nobody reads, one after the other: long enough for somebody to end a run of it.
  strategies: {
    slow: { priorityFiles: ['large/**'], bytesPerSecondMax: 1_000, parallelWorkers: 1, batchSize: 1 },
  },
})

describe.skipIf('notRun' in chromium)(
  `the live page (${'notRun' in chromium ? chromium.notRun : 'in Chromium'})`,
  () => {
    let browser: Browser
    let up: ForewarmProcess
    let door: { url: string; token: string }
    let tokensFile: string
    const troubles: string[] = []

    beforeAll(async () => {
      if ('notRun' in chromium) return
      tokensFile = join(mkdtempSync(join(tmpdir(), 'forewarm-tokens-')), 'tokens.json')
      writeFileSync(tokensFile, JSON.stringify(tokens))
      const folder = makeSite(settings(tokensFile))
      mkdirSync(join(folder, 'web/large'))
      for (let at = 0; at < 10; at += 1) writeFileSync(join(folder, `web/large/${at}.txt`), `${at}`.repeat(3_000))
      up = spawnForewarm(['--config', 'settings.yaml', 'up'], { cwd: folder })
      await buildPage()
      browser = await launch(chromium)
      door = { url: JSON.parse(await up.line(/gateway listens"/)).url, token }
      for (const hours of [6, 5, 4, 3, 2, 1]) await publish(door, `before-${hours}`, files, hours * 3_600_000)
      await eventually(
        () => get(door, '/model/files?path=main.ts'),
        ({ frequency }) => frequency === 6,
        { withinMs: 60_000 },
      )
      await publish(door, 'now', files.slice(0, 2), 0)
    })

    afterAll(async () => {
      await browser?.close()
      await up?.kill('SIGTERM')
    })

    async function open(look: Look = {}): Promise<Page> {
      const page = await openPage(browser, door.url, { token, ...look }, troubles)
      await page.getByText('Live', { exact: true }).waitFor()
      await page.getByText(`accesses of ${files.length} files`).waitFor()
      return page
    }

    /** The page of all tests that only look. */
    let looked: Promise<Page> | undefined
    const look = (): Promise<Page> => {
      looked ??= open()
      return looked
    }

    const region = (page: Page, name: string) => page.getByRole('region', { name, exact: true })

    test('shows what is learned, and the session now running with what is predicted for it', async () => {
      const page = await look()
      expect(await page.title()).toBe('web · forewarm')
      expect(await page.getByRole('combobox', { name: 'Session' }).inputValue()).toBe('now')
      const predicted = page.getByRole('region', { name: /Predicted files/ })
      for (const name of files.slice(2)) await predicted.getByText(name, { exact: true }).waitFor()
      const came = page.getByRole('region', { name: /The latest of 2 reads/ })
      expect(await came.locator('code').allTextContents()).toEqual(files.slice(0, 2).toReversed())
      expect(await page.getByRole('region', { name: 'Accesses by hour of the week' }).locator('tbody td').count()).toBe(
        168,
      )
      // The worker has told how far its governor let it go.
      await region(page, 'Cache and governor').locator('b').getByText('100 %').waitFor()
      expect(troubles).toEqual([])
    })

    test.each(['light', 'dark'] as const)('has nothing that axe objects to, %s', async (scheme) => {
      const page = scheme === 'light' ? await look() : await open({ scheme })
      await screenshot(page, scheme)
      expect(await axeObjections(page)).toEqual([])
    })

    test('a screen reader finds every part by its heading, and nothing to use without a name', async () => {
      const page = await look()
      const headings = await page.getByRole('heading', { level: 2 }).allTextContents()
      expect(headings).toEqual([
        'Hit rate',
        'Prediction',
        'Session now running',
        'Cache and governor',
        'Accuracy by reason',
        'End-to-end latency',
        'Runs',
        'Week',
        'Read together',
      ])
      for (const name of headings) expect(await region(page, name).count()).toBe(1)
      const tree = await page.locator('body').ariaSnapshot()
      const nameless = /^ *- (?:button|combobox|textbox|meter|progressbar|region|img|link)(?! ").*$/gm
      expect(tree.match(nameless) ?? []).toEqual([])
    })

    test('begins without a workspace, and shows the first one and what is learned of it by itself', async () => {
      const page = await openPage(browser, `${door.url}#%E0%A4%A`, { token: newcomer }, troubles)
      await page.getByText(/No workspace has been read yet/).waitFor()
      const response = await fetch(`${door.url}/v1/workspaces/${wide}/accesses`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${newcomer}` },
        body: JSON.stringify({
          ...{ session: 'first', analyzer: 'tsc', sessionEnded: true },
          accesses: [{ path: 'a.ts' }, { path: 'b.ts' }].map((one) => ({ ...one, timeMs: Date.now() })),
        }),
      })
      expect(response.status).toBe(202)
      await page.getByRole('region', { name: /Read together with [ab].ts/ }).waitFor()
      await page.getByRole('region', { name: 'Accesses by hour of the week' }).waitFor()
      expect(troubles).toEqual([])
    })

    test('says nothing of a workspace before it is told, and that a gateway which has fallen silent is away', async () => {
      const untold = await openPage(browser, door.url, { token, away: '**/live' }, [])
      await untold.getByText('Nothing has been told of web yet.').waitFor()
      expect(await untold.getByText('Warming of this workspace is on.').count()).toBe(0)
      await untold.getByText('Not connected: trying again.').waitFor()
      await untold.clock.install()
      await untold.unroute('**/live')
      await untold.reload()
      await untold.getByText('Live', { exact: true }).waitFor()
      process.kill(up.pid, 'SIGSTOP')
      try {
        await untold.clock.fastForward(60_000)
        await untold.getByText('Not connected: trying again.').waitFor()
      } finally {
        process.kill(up.pid, 'SIGCONT')
      }
    })

    test('goes on a narrow screen without scrolling aside', async () => {
      const page = await open({ width: 400 })
      await screenshot(page, 'narrow')
      await page.getByText(wide, { exact: true }).waitFor({ state: 'attached' })
      expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0)
    })

    test('asks who has no token for one, says that a wrong one is refused, and forgets it on demand', async () => {
      const page = await openPage(browser, door.url, {}, [])
      const field = page.getByLabel('Bearer token')
      await field.fill('guessed')
      expect(await page.getByRole('alert').count()).toBe(0)
      await page.keyboard.press('Enter')
      await page
        .getByRole('alert')
        .getByText(/missing or unknown/)
        .waitFor()
      await screenshot(page, 'login')
      expect(await axeObjections(page)).toEqual([])
      await field.fill('“pasted” from a letter')
      await page.keyboard.press('Enter')
      await page
        .getByRole('alert')
        .getByText(/Refused: a token has no blanks/)
        .waitFor()
      await field.fill(token)
      await page.keyboard.press('Enter')
      await page.getByText('Live', { exact: true }).waitFor()
      await page.reload()
      await page.getByRole('button', { name: 'Sign out' }).click()
      await field.waitFor()
      expect(await page.evaluate('sessionStorage.length')).toBe(0)
    })

    test('a gateway that does not answer is waited for, and is not taken for one that asks for a token', async () => {
      const away = '**/v1/workspaces'
      const page = await openPage(browser, door.url, { token, away }, [])
      await page.getByText(/The gateway does not answer .* Trying again/).waitFor()
      expect(await page.getByLabel('Bearer token').count()).toBe(0)
      await page.unroute(away)
      await page.getByText('Live', { exact: true }).waitFor()
    })

    test('a guest who may only read is told why nothing is paused, and is signed out once the token is revoked', async () => {
      const page = await openPage(browser, door.url, { token: guest }, [])
      await page.getByText('Live', { exact: true }).waitFor()
      await page.getByRole('button', { name: 'Pause warming' }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Pause', exact: true }).click()
      await page.getByText(/Not done: the token is not for this/).waitFor()
      writeFileSync(tokensFile, JSON.stringify({ ops }))
      await page.getByLabel('Bearer token').waitFor()
      await page
        .getByRole('alert')
        .getByText(/missing or unknown/)
        .waitFor()
    })

    test('the kill switch asks once, pauses and resumes by keyboard alone, and tells who', async () => {
      const page = await open()
      const pause = page.getByRole('button', { name: 'Pause warming' })
      await pause.focus()
      await page.keyboard.press('Enter')
      await page.getByRole('dialog', { name: 'Pause warming of web?' }).waitFor()
      await page.keyboard.press('Escape')
      expect(await page.getByRole('dialog').count()).toBe(0)
      expect(await get(door, '/status')).toMatchObject({ pauses: [] })
      await page.keyboard.press('Enter')
      await screenshot(page, 'question')
      await page.keyboard.press('Tab')
      await page.keyboard.press('Enter')
      await page.getByText(/Paused since .* by ops/).waitFor()
      expect(await get(door, '/status')).toMatchObject({ pauses: [{ workspace: 'web' }] })
      await page.getByRole('button', { name: 'Resume warming' }).focus()
      await page.keyboard.press('Space')
      await page.getByText('Warming of this workspace is on.').waitFor()
      expect(await get(door, '/status')).toMatchObject({ pauses: [] })
    })

    test('a run shows its progress and each file that was not warmed, and is tried again or ended from there', async () => {
      const page = await open()
      const asked = await ask(door, '/warm-requests', {
        id: 'nightly',
        strategy: 'paths',
        paths: [...files, 'src/gone.ts'],
      })
      expect(asked.status).toBe(202)
      const run = page.getByRole('article', { name: 'Run nightly' })
      await run.getByText('partial', { exact: true }).waitFor()
      const progress = page.getByRole('progressbar', { name: 'Progress of nightly' })
      expect([await progress.getAttribute('aria-valuenow'), await progress.getAttribute('aria-valuemax')]).toEqual([
        '9',
        '9',
      ])
      await run.getByText(/^8 of 9 files in the cache/).waitFor()
      await run.getByText('1 file was not warmed').click()
      const lacking = run.getByRole('region', { name: 'Files that were not warmed' })
      await lacking.getByRole('listitem').waitFor()
      expect(await lacking.getByRole('listitem').allTextContents()).toEqual(['src/gone.tsmissing  · wanted by request'])
      await screenshot(page, 'runs')
      await run.getByRole('button', { name: 'Retry what failed' }).click()
      await page.getByText('Asked to retry nightly.').waitFor()

      expect((await ask(door, '/warm-requests', { id: 'yearly', strategy: 'slow' })).status).toBe(202)
      const yearly = page.getByRole('article', { name: 'Run yearly' })
      await yearly.getByRole('button', { name: 'Cancel' }).click()
      await yearly.getByText('cancelled', { exact: true }).waitFor()
    })

    test('the files read together with one lead on to theirs, and an unknown one is said to be so', async () => {
      const page = await look()
      const card = region(page, 'Read together')
      const field = card.getByRole('combobox', { name: 'File' })
      await field.fill('main.ts')
      await page.keyboard.press('Enter')
      const list = card.getByRole('region', { name: 'Read together with main.ts' })
      await list.getByRole('button', { name: 'parse.ts' }).click()
      await card.getByRole('region', { name: 'Read together with parse.ts' }).waitFor()
      await field.fill('nowhere.ts')
      await page.keyboard.press('Enter')
      await card
        .getByRole('status')
        .getByText(/nothing|unknown|not/i)
        .waitFor()
    })

    test('what is published while it is open comes by itself', async () => {
      const page = await look()
      await publish(door, 'later', files.slice(0, 3), 0)
      await page.locator('option[value=later]').waitFor({ state: 'attached' })
    })
  },
)
