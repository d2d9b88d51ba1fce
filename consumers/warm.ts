#!/usr/bin/env node
/** Warm commands in, values into the cache, warm outcomes out. */
import { runProcessFile } from '../src/cli/process-file.ts'

await runProcessFile('warm')
