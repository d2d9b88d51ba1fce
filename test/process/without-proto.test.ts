import { expect, test } from 'vitest'
import { spawnForewarm } from '../support/process.ts'

const SPY = `process.on('exit', () => console.error('__proto__' in Object.prototype ? 'it is there' : 'it is gone'))`

test.each([['src/cli/forewarm.ts'], ['consumers/warm.ts']])(
  'objects of %s have no prototype to reach by a key',
  async (entry) => {
    const env = { NODE_OPTIONS: `--import="data:text/javascript,${encodeURIComponent(SPY)}"` }
    const child = spawnForewarm(['--help'], { entry, env })
    expect(await child.exit()).toMatchObject({ code: 0 })
    expect(child.stderr()).toContain('it is gone')
  },
)
