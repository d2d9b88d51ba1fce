#!/usr/bin/env node
/** HTTP in; accesses, changes and warm requests out. */
import { runProcessFile } from '../src/cli/process-file.ts'

await runProcessFile('gateway')
