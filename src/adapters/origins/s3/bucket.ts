/** A bucket through the AWS SDK, which is loaded at the first use: it takes its time, and most deployments need none. */
import type { GetObjectCommandOutput, S3Client } from '@aws-sdk/client-s3'
import { loadOptional } from '../../optional-package.ts'

export type BucketOptions = {
  readonly bucket: string
  /** Put before every path; with a slash at its end if it is a folder. */
  readonly prefix: string
  /** Address of the service; null for Amazon's in the region. */
  readonly endpoint: string | null
  readonly region: string
  /** Whether the bucket stands in the path (`https://host/bucket/key`) and not in the host's name. */
  readonly pathStyle: boolean
}

export type Listed = { readonly path: string; readonly signature: string | null; readonly bytes: number | null }

export type StoredObject = {
  readonly bytes: number
  readonly signature: string | null
  readonly body: AsyncIterable<Uint8Array>
  /** Ends the transfer of a body that nobody reads. */
  drop(): void
}

type Sdk = typeof import('@aws-sdk/client-s3')

export class Bucket {
  readonly #options: BucketOptions
  #opened: Promise<{ sdk: Sdk; client: S3Client }> | null = null

  constructor(options: BucketOptions) {
    this.#options = options
  }

  async get(path: string, signal: AbortSignal): Promise<StoredObject> {
    const { sdk, client } = await this.#open()
    const got = await client.send(new sdk.GetObjectCommand(this.#named(path)), { abortSignal: signal })
    const body = got.Body as (AsyncIterable<Uint8Array> & { destroy?: () => void }) | undefined
    return {
      bytes: got.ContentLength ?? 0,
      signature: signatureOf(got),
      body: body ?? noBytes(),
      drop: () => body?.destroy?.(),
    }
  }

  /** What changes whenever the object does; null where the service tells nothing such. */
  async signature(path: string, signal: AbortSignal): Promise<string | null> {
    const { sdk, client } = await this.#open()
    return signatureOf(await client.send(new sdk.HeadObjectCommand(this.#named(path)), { abortSignal: signal }))
  }

  /** All objects below the prefix, a page at a time; markers of folders are left out. */
  async *list(signal: AbortSignal): AsyncGenerator<readonly Listed[]> {
    const { sdk, client } = await this.#open()
    const { bucket: Bucket, prefix: Prefix } = this.#options
    let next: string | undefined
    do {
      const from = next === undefined ? {} : { ContinuationToken: next }
      const page = await client.send(new sdk.ListObjectsV2Command({ Bucket, Prefix, ...from }), { abortSignal: signal })
      yield (page.Contents ?? []).flatMap(({ Key = '', ETag, Size }) =>
        Key.startsWith(Prefix) && !Key.endsWith('/')
          ? [{ path: Key.slice(Prefix.length), signature: ETag ?? null, bytes: Size ?? null }]
          : [],
      )
      next = page.IsTruncated === true ? page.NextContinuationToken : undefined
    } while (next !== undefined)
  }

  async close(): Promise<void> {
    const opened = await this.#opened?.catch(() => null)
    opened?.client.destroy()
  }

  #named(path: string) {
    return { Bucket: this.#options.bucket, Key: this.#options.prefix + path }
  }

  #open(): Promise<{ sdk: Sdk; client: S3Client }> {
    this.#opened ??= this.#connect()
    return this.#opened
  }

  /** Credentials come as the SDK finds them: variables, files, the machine's role. One attempt: callers try again. */
  async #connect() {
    const { endpoint, region, pathStyle } = this.#options
    const sdk = await loadOptional('an origin of S3', () => import('@aws-sdk/client-s3'))
    const client = new sdk.S3Client({
      region,
      forcePathStyle: pathStyle,
      maxAttempts: 1,
      ...(endpoint === null ? {} : { endpoint }),
    })
    return { sdk, client }
  }
}

/** A version's id where the bucket keeps versions (`null` is the id of one from before), else the ETag. */
function signatureOf({ VersionId, ETag }: Pick<GetObjectCommandOutput, 'VersionId' | 'ETag'>): string | null {
  return VersionId === undefined || VersionId === 'null' ? (ETag ?? null) : VersionId
}

async function* noBytes(): AsyncGenerator<Uint8Array> {}
