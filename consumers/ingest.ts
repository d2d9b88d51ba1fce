#!/usr/bin/env node
/** Access events and warm outcomes in, models out. */
import { runProcessFile } from '../src/cli/process-file.ts'

await runProcessFile('ingest')
