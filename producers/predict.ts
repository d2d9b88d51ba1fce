#!/usr/bin/env node
/** Access events in, warm commands out. */
import { runProcessFile } from '../src/cli/process-file.ts'

await runProcessFile('predict')
