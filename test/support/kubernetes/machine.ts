/** What machine.sh says of the machine on which this process runs. */
export type Machine = {
  /** For data, images and logs; it goes with the machine. */
  readonly folder: string
  /** Address that pods and processes reach alike. */
  readonly address: string
  /** Control group below which those of pods are to lie. */
  readonly group: string
}

export function thisMachine(): Machine {
  const { env } = process
  const folder = env['FOREWARM_TEST_NODE_FOLDER'] ?? ''
  if (folder === '') throw new Error('this needs a machine of its own: npm run test:cluster makes one')
  return { folder, address: env['FOREWARM_TEST_NODE_ADDRESS'] ?? '', group: env['FOREWARM_TEST_NODE_GROUP'] ?? '' }
}
