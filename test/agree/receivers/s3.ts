/**
 * versitygw, an S3 service over a folder: its objects are read as the files that they are. The bucket has object lock, so what is sent
 * again meets an object that nothing may replace.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { AwsClient } from 'aws4fetch'
import { type ReceiverKind, receivedLine } from './receiver.ts'
import { freePort, startServer } from './server.ts'

const keyId = 'gatehouse-test'
const secretKey = 'secret-of-gatehouse-test'

export const s3: ReceiverKind = {
  kind: 's3',
  installed: 'GATEHOUSE_TEST_VERSITYGW',
  poison: { none: 'an object holds any bytes' },
  async start(folder, installed) {
    const port = await freePort()
    const bucket = join(folder, 'audit')
    const server = await startServer({
      command: join(installed, 'versitygw'),
      args: ['--quiet', '--port', `127.0.0.1:${port}`, 'posix', folder],
      environment: { ROOT_ACCESS_KEY: keyId, ROOT_SECRET_KEY: secretKey },
      port,
    })
    await makeLockedBucket(`http://127.0.0.1:${port}/audit`)
    return {
      ...server,
      settings: {
        endpoint: `http://127.0.0.1:${port}`,
        bucket: 'audit',
        prefix: 'gatehouse/',
        access_key_id: `\${S3_KEY_ID}`,
        secret_access_key: `\${S3_SECRET}`,
        lock: { mode: 'compliance', for: '1d' },
      },
      entry: { batch: { records_max: 500, wait_max: '100ms' } },
      environment: { S3_KEY_ID: keyId, S3_SECRET: secretKey },
      async received() {
        const objects = join(bucket, 'gatehouse')
        if (!existsSync(objects)) return []
        const names = readdirSync(objects, { recursive: true, encoding: 'utf8' })
        return names
          .filter((name) => name.endsWith('.jsonl.gz'))
          .sort()
          .flatMap((name) => {
            const lines = gunzipSync(readFileSync(join(objects, name))).toString()
            return lines.split('\n').slice(0, -1).map(receivedLine)
          })
      },
      close: () => server.kill(),
    }
  },
}

async function makeLockedBucket(url: string): Promise<void> {
  const client = new AwsClient({ accessKeyId: keyId, secretAccessKey: secretKey, service: 's3', retries: 0 })
  const { status } = await client.fetch(url, {
    method: 'PUT',
    headers: { 'x-amz-bucket-object-lock-enabled': 'true' },
  })
  if (status !== 200) throw new Error(`the bucket could not be made: ${status}`)
}
