/** Which images of deploy/compose.yaml the engine that answers can have, and what takes the place of the others. */
import { runCommand } from '../services/command.ts'

/** Built by images.sh where no image registry answers: the same program in another version, so under another name. */
const STAND_INS: ReadonlyMap<string, string> = new Map([['prom/prometheus', 'forewarm-test/prometheus:debian']])

export type ImagesAtHand = {
  /** Image by service, where it is not the one of the file. */
  readonly replaced: ReadonlyMap<string, string>
  /** Services without any image. */
  readonly missing: readonly string[]
}

/** Looks for the image of each service, and asks the image registry for those that are not here. */
export async function findComposeImages(
  services: ReadonlyMap<string, { readonly image: string }>,
): Promise<ImagesAtHand> {
  const replaced = new Map<string, string>()
  const missing: string[] = []
  for (const [name, { image }] of services) {
    if ((await isHere(image)) || (await succeeds('pull', '--quiet', image))) continue
    const standIn = STAND_INS.get(image.split(':')[0] ?? '')
    if (standIn !== undefined && (await isHere(standIn))) replaced.set(name, standIn)
    else missing.push(name)
  }
  return { replaced, missing }
}

const isHere = (image: string): Promise<boolean> => succeeds('image', 'inspect', image)

const succeeds = (...args: readonly string[]): Promise<boolean> =>
  runCommand('docker', args, { mend: 'see what it says' }).then(
    () => true,
    () => false,
  )
