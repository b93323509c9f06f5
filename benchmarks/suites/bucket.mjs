/** A file straight to an S3 bucket, against the same parts sent by hand. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { personAt } from '../../e2e/support.mjs';
import { root } from '../../scripts/lib/tools.mjs';
import { largeFile, MIB, ratio, secondsAtRest, watched } from '../measure.mjs';
import { withS3Portal } from '../servers.mjs';

const SIZE_MIB = Number(process.env.BENCH_LARGE_MIB ?? 2048);
const PART = 16 * MIB;
const HANDS = 8;

const require = createRequire(path.join(root, 'package.json'));

/** Eight parts at a time with their SHA-256, and nothing else. */
async function sendByHand(client, file) {
  const {
    CompleteMultipartUploadCommand,
    CreateMultipartUploadCommand,
    UploadPartCommand,
  } = require('@aws-sdk/client-s3');
  const target = { Bucket: 'team', Key: 'by-hand' };
  const { UploadId } = await client.send(
    new CreateMultipartUploadCommand({
      ...target,
      ChecksumAlgorithm: 'SHA256',
    }),
  );
  const handle = await fs.promises.open(file);
  const { size } = await handle.stat();
  const parts = Array.from({ length: Math.ceil(size / PART) });
  let next = 0;
  await Promise.all(
    Array.from({ length: HANDS }, async () => {
      while (next < parts.length) {
        const index = next++;
        const block = Buffer.allocUnsafe(Math.min(PART, size - index * PART));
        await handle.read(block, 0, block.length, index * PART);
        const checksum = createHash('sha256').update(block).digest('base64');
        const { ETag } = await client.send(
          new UploadPartCommand({
            ...target,
            UploadId,
            PartNumber: index + 1,
            Body: block,
            ChecksumSHA256: checksum,
          }),
        );
        parts[index] = {
          PartNumber: index + 1,
          ETag,
          ChecksumSHA256: checksum,
        };
      }
    }),
  );
  await handle.close();
  await client.send(
    new CompleteMultipartUploadCommand({
      ...target,
      UploadId,
      MultipartUpload: { Parts: parts },
    }),
  );
}

/** Bytes that a process has read and written, sockets too. */
function movedBytes(pid) {
  const io = fs.readFileSync(`/proc/${pid}/io`, 'utf8');
  return (
    Number(/rchar: (\d+)/.exec(io)[1]) + Number(/wchar: (\d+)/.exec(io)[1])
  );
}

export async function run(report) {
  report.part(`A file of ${SIZE_MIB} MiB to an S3 bucket (versitygw)`);
  const missing = await withS3Portal(async ({ portal, client }) => {
    const maya = personAt(portal, 'maya');
    await maya.signIn();
    const folder = largeFile(SIZE_MIB);
    const byHand = await secondsAtRest(() =>
      sendByHand(client, path.join(folder, 'large.bin')),
    );
    const before = movedBytes(portal.pid());
    const push = await watched(maya, portal, [
      ...['push', folder, 'bench/large', '--type', 'dataset'],
    ]);
    const moved = movedBytes(portal.pid()) - before;
    report.row(
      'push against the same parts by hand',
      ratio(push.took, byHand),
      'within 1.18 × (85 % of its speed)',
    );
    report.row(
      'read and written by the backend until the push was acknowledged',
      `${(moved / MIB).toFixed(1)} MiB`,
      'none of the file',
    );
  });
  if (missing) report.row('push', `skipped: ${missing}`);
}
