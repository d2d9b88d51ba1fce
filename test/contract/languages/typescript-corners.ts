/** Corner cases of resolution, each in a folder of its own: text by path. */
export const CORNERS: Readonly<Record<string, string>> = {
  // Extensions that stand for others, and indexes.
  'ext/main.ts': `
    import './a.js'; import './b.jsx'; import './c.mjs'; import './d.cjs'; import './e'; import './f'; import './g/'
    import './h.json'; import './i.d.ts'; import './j.css'; import './k'; import './both'; import './dir.name'
    import './both.js'; import './m.mts'; import './dts.js'; import '.'; import '..'; import './nothing.js'
    import './typed.css'; import './l.test'; import '../../outside'; import './n.ts'`,
  'ext/a.ts': 'export {}',
  'ext/b.tsx': 'export {}',
  'ext/c.mts': 'export {}',
  'ext/d.cts': 'export {}',
  'ext/e.tsx': 'export {}',
  'ext/f/index.ts': 'export {}',
  'ext/g.ts': 'export {}',
  'ext/g/index.js': 'export {}',
  'ext/h.json': '{}',
  'ext/i.d.ts': 'export {}',
  'ext/j.css': '',
  'ext/k.json': '{}',
  'ext/both.ts': 'export {}',
  'ext/both.js': 'export {}',
  'ext/both.d.ts': 'export {}',
  'ext/dir.name/index.ts': 'export {}',
  'ext/m.mts': 'export {}',
  'ext/dts.js': 'export {}',
  'ext/dts.d.ts': 'export {}',
  'ext/index.ts': 'export {}',
  'ext/typed.css': '',
  'ext/typed.d.css.ts': 'export {}',
  'ext/l.test.ts': 'export {}',
  'ext/n.ts.ts': 'export {}',
  // Ways to import.
  'ways/main.ts': `/// <reference path="ref.ts" />
    /// <reference path='../ways/ref2.d.ts'/>
    import type { A } from './type'; import { type B } from './inline'; export * from './star'; export { c } from './named'
    export type { D } from './exported-type'; export * as ns from './ns'; import eq = require('./equals')
    type T = import('./import-type').T; const u: typeof import('./typeof-import') = {} as any
    const v = await import('./dynamic'); import(\`./template\`); import('./' + 'computed'); import def, { x } from './mixed'
    declare module './augmented' { interface I {} }
    // import './comment'
    const s = "import './string'"; require('./required'); require.resolve('./resolved')
    export import again = require('./again')`,
  ...Object.fromEntries(
    [
      ...[
        'type',
        'inline',
        'star',
        'named',
        'exported-type',
        'ns',
        'equals',
        'import-type',
        'typeof-import',
        'dynamic',
      ],
      ...['template', 'computed', 'mixed', 'augmented', 'comment', 'string', 'required', 'resolved', 'again', 'ref'],
    ].map((name) => [`ways/${name}.ts`, 'export {}']),
  ),
  'ways/ref2.d.ts': 'export {}',
  'ways/script.js': `
    /** @type {import('./js-doc').T} */
    /** @import { T } from './js-doc-import' */
    const a = require('./required'), b = require("./required.js"), c = require('./resolved', 1), d = require(name)
    function later() { return require('./dynamic') }
    if (a) exports.x = require.resolve('./resolved')
    const s = <p>Don't import './string'</p>`,
  'ways/js-doc.ts': 'export {}',
  'ways/js-doc-import.ts': 'export {}',
  // tsconfig.json: paths from another file, comments, a byte order mark.
  'aliases/tsconfig.json': `{ "extends": "./tsconfig.base.json", "compilerOptions": { "strict": true } } // end`,
  'aliases/tsconfig.base.json': `\uFEFF{ "compilerOptions": { "paths": {
      "@app/*": ["./src/*"], "@app/longest/*": ["./longest/*"], "exact": ["./src/exact.ts"],
      "@fallback/*": ["./nowhere/*", "./src/*"], "*.virtual": ["./src/*.ts"] } } }`,
  'aliases/src/main.ts': `
    import '@app/one'; import '@app/deep/two.js'; import 'exact'; import '@fallback/three'; import '@app/longest/four'
    import 'five.virtual'; import '@app/nothing'; import '@app'`,
  'aliases/src/one.ts': 'export {}',
  'aliases/src/deep/two.ts': 'export {}',
  'aliases/src/exact.ts': 'export {}',
  'aliases/src/three.ts': 'export {}',
  'aliases/src/longest/four.ts': 'export {}',
  'aliases/longest/four.ts': 'export {}',
  'aliases/src/five.ts': 'export {}',
  'rooted/tsconfig.json': '{ "compilerOptions": { "rootDirs": ["./src", "./generated"] } }',
  'rooted/src/view.ts': `import './template'; import './deep/other'`,
  'rooted/generated/template.ts': 'export {}',
  'rooted/generated/deep/other.ts': `import '../view'`,
  'jsproject/jsconfig.json': '{ "compilerOptions": { "paths": { "~/*": ["./app/*"] } } }',
  'jsproject/app/main.jsx': `import '~/part'; import { h } from 'preact'`,
  'jsproject/app/part.jsx': 'export {}',
  // package.json of a folder, its own imports and exports.
  'pkg/package.json': JSON.stringify({
    name: 'own-name',
    exports: {
      '.': './src/index.js',
      './deep/*': { types: './src/deep/*.ts', default: './x/*.js' },
      './hidden/*': null,
    },
    imports: {
      '#one': './src/one.js',
      '#all/*.js': './src/*.ts',
      '#cond': { require: './src/r.cjs', import: './src/i.mjs' },
    },
  }),
  'pkg/src/main.ts': `
    import 'own-name'; import 'own-name/deep/thing'; import 'own-name/hidden/x'; import 'own-name/other'
    import '#one'; import '#all/thing.js'; import '#cond'; import '#none'`,
  'pkg/src/main.cts': `import one = require('#cond')`,
  'pkg/src/index.ts': 'export {}',
  'pkg/src/one.ts': 'export {}',
  'pkg/src/thing.ts': 'export {}',
  'pkg/src/deep/thing.ts': 'export {}',
  'pkg/src/hidden/x.ts': 'export {}',
  'pkg/src/r.cts': 'export {}',
  'pkg/src/i.mts': 'export {}',
  'folders/main.ts': `import './typed'; import './main-field'; import './main-folder'; import './broken'`,
  'folders/typed/package.json': '{ "types": "./lib/t.d.ts", "main": "./lib/m.js" }',
  'folders/typed/lib/t.d.ts': 'export {}',
  'folders/typed/lib/m.js': 'export {}',
  'folders/main-field/package.json': '{ "main": "lib/m" }',
  'folders/main-field/lib/m.js': 'export {}',
  'folders/main-folder/package.json': '{ "main": "lib" }',
  'folders/main-folder/lib/index.ts': 'export {}',
  'folders/broken/package.json': '{ "main": ',
  'folders/broken/index.ts': 'export {}',
  // A workspace: exports by condition, a folder by name, sources that are not built, a package that is no member.
  'package.json': JSON.stringify({ name: 'root', private: true, workspaces: ['members/*', '!members/out'] }),
  'members/app/package.json': '{ "name": "@acme/app", "dependencies": { "@acme/lib": "workspace:*" } }',
  'members/app/tsconfig.json': '{ "compilerOptions": { "customConditions": ["@acme/source"] } }',
  'members/app/src/main.ts': `
    import '@acme/lib'; import '@acme/lib/feature'; import '@acme/plain'; import '@acme/plain/util'; import '@acme/unbuilt'
    import '@acme/out'; import 'react'; import '@acme/sourced'; import './own.js'`,
  'members/app/src/own.ts': `import '@acme/lib/styles.css'`,
  'members/lib/package.json': JSON.stringify({
    name: '@acme/lib',
    exports: {
      '.': { types: './types/index.d.ts', import: './esm/index.js' },
      './feature': ['./esm/feature.js'],
      './styles.css': './styles.css',
    },
  }),
  'members/lib/types/index.d.ts': 'export {}',
  'members/lib/esm/index.js': `import '@acme/lib'`,
  'members/lib/esm/feature.js': '',
  'members/lib/styles.css': '',
  'members/plain/package.json': '{ "name": "@acme/plain", "main": "index.js" }',
  'members/plain/index.js': `require('./util'); require('@acme/plain/util')`,
  'members/plain/util.js': '',
  'members/unbuilt/package.json': '{ "name": "@acme/unbuilt", "types": "dist/index.d.ts", "main": "dist/index.js" }',
  'members/unbuilt/src/index.ts': 'export {}',
  'members/sourced/package.json':
    '{ "name": "@acme/sourced", "exports": { "@acme/source": "./src/index.ts", "default": "./dist/index.js" } }',
  'members/sourced/src/index.ts': 'export {}',
  'members/sourced/dist/index.js': '',
  'members/out/package.json': '{ "name": "@acme/out" }',
  'members/out/index.js': '',
}

/** Members that a package manager would link into node_modules. */
export const CORNER_LINKS: Readonly<Record<string, string>> = {
  '@acme/app': 'members/app',
  '@acme/lib': 'members/lib',
  '@acme/plain': 'members/plain',
  '@acme/unbuilt': 'members/unbuilt',
  '@acme/sourced': 'members/sourced',
}
