import { ConflictError, InputError, isError } from '@backstage/errors';
import { Readable } from 'node:stream';
import {
  concurrently,
  Digest,
  layOutPack,
  MissingBlob,
  partSizeOf,
  PieceToSend,
  PlacedBlob,
  releaseMemory,
  SentPack,
  SignedPut,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type {
  BlobStat,
  DirectTransfer,
} from '@baseasset/backstage-plugin-asset-manager-node';
import type { Caller } from '../model/caller';
import { FieldError } from '../model/FieldError';
import type { BlobKeeper } from './BlobKeeper';
import type { NamespaceQuotas } from './NamespaceQuotas';
import { BlobRecorder } from './BlobRecorder';
import { blobKey, packKey } from '../model/keys';
import { MAX_PACK_BYTES, PACKING, readPack } from './packs';
import type {
  AssetRecord,
  BlobRecord,
  Clock,
  Repository,
  UploadRecord,
} from './ports';
import type { Stores } from './Stores';
import type { UploadSession, UploadSessions } from './UploadSessions';

/** Questions to a bucket at once. */
const HANDS = 16;

/**
 * Takes the blobs of an upload: through the backend, which verifies them as they
 * arrive, or straight into a bucket, for which it signs and asks afterwards.
 */
export class BlobIntake {
  readonly #repository: Repository;
  readonly #sessions: UploadSessions;
  readonly #stores: Stores;
  readonly #now: Clock;
  readonly #partSize: number;
  readonly #recorder: BlobRecorder;
  readonly #keeper: BlobKeeper;
  readonly #quotas: NamespaceQuotas;

  constructor(options: {
    repository: Repository;
    sessions: UploadSessions;
    stores: Stores;
    keeper: BlobKeeper;
    quotas: NamespaceQuotas;
    now: Clock;
    /** Bytes. */
    partSize: number;
  }) {
    this.#repository = options.repository;
    this.#sessions = options.sessions;
    this.#stores = options.stores;
    this.#now = options.now;
    this.#partSize = options.partSize;
    this.#recorder = new BlobRecorder(options);
    this.#keeper = options.keeper;
    this.#quotas = options.quotas;
  }

  /** How the bytes of an upload are to be sent. */
  transferOf(upload: UploadRecord) {
    const direct = this.#stores.get(upload.store).direct;
    return {
      store: upload.store,
      packing: PACKING,
      partSize: Math.max(this.#partSize, direct?.minPartSize ?? 0),
      direct: direct && { checksum: direct.checksum },
    };
  }

  /** Which blobs have to be sent; links those that the caller may read elsewhere. */
  async missing(
    caller: Caller,
    { asset, upload }: UploadSession,
    entries: readonly { digest: Digest; size: number }[],
  ): Promise<MissingBlob[]> {
    const sizes = new Map(entries.map(entry => [entry.digest, entry.size]));
    const standing = await this.#repository.blobs.find(asset.id, [
      ...sizes.keys(),
    ]);
    let wanted = [...sizes.keys()].filter(
      digest => this.#stores.usable(standing.get(digest)).length === 0,
    );
    const elsewhere = await this.#repository.blobs.findElsewhere(
      wanted,
      caller,
    );
    const links = new Map<string, BlobRecord>();
    for (const copy of this.#stores.usable([...elsewhere.values()].flat()))
      links.set(`${copy.digest} ${copy.store}`, copy);
    await this.#repository.blobs.add(
      asset.id,
      [...links.values()],
      this.#now(),
    );
    const linked = new Set([...links.values()].map(({ digest }) => digest));
    wanted = wanted.filter(digest => !linked.has(digest));
    await this.#repository.blobs.claim(
      wanted.map(digest => ({
        store: upload.store,
        key: blobKey(asset.uid, digest),
      })),
    );
    const received = await this.#receivedParts(asset, upload, wanted);
    return wanted.map(digest => ({
      digest,
      size: sizes.get(digest) ?? 0,
      receivedParts: received.get(digest) ?? [],
    }));
  }

  /** Takes a blob that is no larger than a part. */
  async putBlob(
    caller: Caller,
    id: string,
    blob: { digest: Digest; size: number; body: Readable },
  ): Promise<void> {
    const { asset, upload } = await this.#sessions.find(caller, id);
    this.#refuseDirect(upload);
    if (blob.size > this.#partSize) {
      throw new InputError(
        `a blob of ${blob.size} bytes has to be sent in parts of ${
          this.#partSize
        }`,
      );
    }
    const key = blobKey(asset.uid, blob.digest);
    await this.#stores
      .get(upload.store)
      .put({ key, ...blob, disposable: true });
    await this.#record(asset, upload, blob, 'verified');
    await this.#sessions.keep(upload);
  }

  /** Takes many small blobs in one pack. */
  async putPack(
    caller: Caller,
    id: string,
    pack: { digest: Digest; size: number; body: Readable },
  ): Promise<void> {
    const { asset, upload } = await this.#sessions.find(caller, id);
    this.#refuseDirect(upload);
    const { digest, size } = pack;
    if (size > MAX_PACK_BYTES) {
      throw new InputError(
        `a pack has ${PACKING.packSize} bytes at most, not ${size}`,
      );
    }
    const bytes = await readAll(pack.body, size);
    const blobs = readPack(bytes);
    const other = blobs.find(({ intact }) => !intact);
    if (other) {
      throw new InputError(
        `the bytes in the pack are not those of ${other.blob.digest}`,
      );
    }
    const key = packKey(asset.uid, digest);
    await this.#repository.blobs.claim([{ store: upload.store, key }]);
    const placed = blobs.map(({ blob }) => blob);
    await this.#stores.get(upload.store).put({
      key,
      size,
      digest,
      body: Readable.from([bytes]),
      disposable: true,
    });
    await this.#recordPack(asset, upload, { key, blobs: placed }, 'verified');
    await this.#sessions.keep(upload);
  }

  /**
   * Takes down that a pack has arrived in the bucket.
   *
   * @throws ConflictError when it has not, or not whole
   */
  async completePack(
    caller: Caller,
    id: string,
    pack: SentPack,
  ): Promise<void> {
    const { asset, upload } = await this.#sessions.find(caller, id);
    const store = this.#stores.get(upload.store);
    if (!store.direct) {
      throw new ConflictError(
        `the store '${upload.store}' takes its packs through the backend`,
      );
    }
    const { blobs, size } = layOutPack(pack.blobs);
    const key = packKey(asset.uid, pack.digest);
    const stat = await store.stat(key);
    if (!stat)
      throw new ConflictError(`the pack ${pack.digest} has not arrived`);
    if (stat.size !== size) {
      await this.#keeper.clear({ store: upload.store, key });
      throw new ConflictError(
        `${stat.size} bytes have arrived for the pack ${pack.digest}, and not ${size}; send it again`,
      );
    }
    // The bucket knows the pack's bytes at most, and nothing of the blobs in it.
    await this.#recordPack(asset, upload, { key, blobs }, 'received');
    await this.#sessions.keep(upload);
  }

  /** Takes a part of a larger blob. */
  async putPart(
    caller: Caller,
    id: string,
    part: { digest: Digest; number: number; size: number; body: Readable },
  ): Promise<void> {
    const { upload } = await this.#sessions.find(caller, id);
    const parts = this.#refuseDirect(upload);
    if (part.size > this.#partSize) {
      throw new InputError(
        `a part has ${this.#partSize} bytes at most, not ${part.size}`,
      );
    }
    await parts.putPart({
      session: partsSession(id, part.digest),
      number: part.number,
      offset: part.number * this.#partSize,
      size: part.size,
      body: part.body,
      disposable: true,
    });
    await this.#repository.uploads.addPart(id, part.digest, part.number);
    await this.#sessions.keep(upload);
  }

  /** Signs requests that send pieces straight to the bucket, in the order of the pieces. */
  async sign(
    caller: Caller,
    id: string,
    pieces: readonly PieceToSend[],
  ): Promise<SignedPut[]> {
    const { asset, upload } = await this.#sessions.find(caller, id);
    const direct = this.#stores.get(upload.store).direct;
    if (!direct) {
      throw new ConflictError(
        `the store '${upload.store}' takes its bytes through the backend`,
      );
    }
    const tokens = await this.#repository.uploads.tokens(id);
    const signed: SignedPut[] = [];
    const packs = pieces.filter(({ pack }) => pack);
    await this.#repository.blobs.claim(
      packs.map(({ digest }) => ({
        store: upload.store,
        key: packKey(asset.uid, digest),
      })),
    );
    for (const { digest, part, pack, size, checksum } of pieces) {
      const key = (pack ? packKey : blobKey)(asset.uid, digest);
      if (pack && (size > MAX_PACK_BYTES || part !== undefined)) {
        throw new FieldError(
          'size',
          `a pack goes in one piece, of ${PACKING.packSize} bytes at most`,
        );
      }
      if (part === undefined) {
        refuseOtherDigest(direct, digest, checksum);
        signed.push(asPut(await direct.signPut({ key, size, checksum })));
      } else {
        if (part >= direct.maxParts) {
          throw new FieldError(
            'part',
            `a blob has ${direct.maxParts} parts at most`,
          );
        }
        const session = partsSession(id, digest);
        const token =
          tokens.get(digest) ??
          (await this.#beginParts(direct, { id, digest, session, key }));
        tokens.set(digest, token);
        signed.push(
          asPut(
            await direct.signPart({
              session,
              key,
              token,
              number: part,
              size,
              checksum,
            }),
          ),
        );
      }
    }
    await this.#sessions.keep(upload);
    return signed;
  }

  /**
   * Takes down that blobs have arrived: makes those in parts of their parts, and
   * asks the bucket for those that went there.
   *
   * @throws ConflictError when one has not arrived, or not whole
   */
  async complete(
    caller: Caller,
    id: string,
    blobs: readonly { digest: Digest; size: number }[],
  ): Promise<void> {
    const session = await this.#sessions.find(caller, id);
    const standing = await this.#repository.blobs.find(
      session.asset.id,
      blobs.map(({ digest }) => digest),
    );
    const tokens = await this.#repository.uploads.tokens(id);
    const direct = this.#stores.get(session.upload.store).direct;
    await concurrently(
      blobs.filter(
        ({ digest }) => this.#stores.usable(standing.get(digest)).length === 0,
      ),
      HANDS,
      blob =>
        direct
          ? this.#completeDirect(direct, session, blob, tokens.get(blob.digest))
          : this.#completeParts(session, blob),
    );
    await this.#sessions.keep(session.upload);
  }

  /** Forgets what an upload has brought in parts. */
  async forget(asset: AssetRecord, upload: UploadRecord): Promise<void> {
    const store = this.#stores.get(upload.store);
    for (const digest of (
      await this.#repository.uploads.parts(upload.id)
    ).keys()) {
      await store.parts?.abortParts(partsSession(upload.id, digest));
    }
    for (const [digest, token] of await this.#repository.uploads.tokens(
      upload.id,
    )) {
      await store.direct?.abortParts({
        session: partsSession(upload.id, digest),
        key: blobKey(asset.uid, digest),
        token,
      });
    }
  }

  async #completeParts(
    { asset, upload }: UploadSession,
    blob: { digest: Digest; size: number },
  ): Promise<void> {
    const { digest, size } = blob;
    const parts = this.#refuseDirect(upload);
    const key = blobKey(asset.uid, digest);
    const place = { store: upload.store, key };
    // It may have been made before the backend died, or have stood without being
    // looked after until it was to be deleted.
    const standing = await this.#stores.get(upload.store).stat(key);
    const isThere =
      standing !== undefined &&
      (await this.#keeper.isRight({ ...place, ...blob, state: 'received' }));
    if (!isThere) {
      const received =
        (await this.#repository.uploads.parts(upload.id)).get(digest) ?? [];
      const wanted = Math.ceil(size / this.#partSize);
      if (received.length !== wanted) {
        throw new ConflictError(
          `${received.length} of ${wanted} parts of ${digest} have arrived`,
        );
      }
      try {
        await parts.completeParts({
          session: partsSession(upload.id, digest),
          key,
          size,
          digest,
        });
      } catch (error) {
        if (isError(error) && error.name === 'InputError')
          await this.#repository.uploads.removeParts(upload.id, digest);
        throw error;
      }
    }
    await this.#record(asset, upload, blob, 'verified');
    await this.#repository.uploads.removeParts(upload.id, digest);
    await parts.abortParts(partsSession(upload.id, digest));
  }

  async #completeDirect(
    direct: DirectTransfer,
    { asset, upload }: UploadSession,
    blob: { digest: Digest; size: number },
    token: string | undefined,
  ): Promise<void> {
    const { digest, size } = blob;
    const key = blobKey(asset.uid, digest);
    let stat: BlobStat | undefined;
    if (token === undefined) {
      stat = await this.#stores.get(upload.store).stat(key);
    } else {
      const { partSize } = this.transferOf(upload);
      const parts = { session: partsSession(upload.id, digest), key, token };
      try {
        stat = await direct.completeParts({
          ...parts,
          size,
          partCount: Math.ceil(size / partSizeOf(size, partSize)),
        });
      } catch (error) {
        if (!isError(error) || error.name === 'ConflictError') throw error;
        if (error.name !== 'InputError' && error.name !== 'NotFoundError')
          throw error;
        // Nothing can be made of these parts: they have to be sent anew.
        await direct.abortParts(parts);
        await this.#repository.uploads.removeToken(upload.id, digest);
        throw new ConflictError(`${error.message}; send the blob again`);
      }
    }
    if (!stat)
      throw new ConflictError(`the bytes of ${digest} have not arrived`);
    if (stat.size !== size) {
      await this.#repository.uploads.removeToken(upload.id, digest);
      // What nobody refers to only stands in the way of the right bytes.
      await this.#keeper.clear({ store: upload.store, key });
      throw new ConflictError(
        `${stat.size} bytes have arrived for ${digest}, and not ${size}; send them again`,
      );
    }
    await this.#record(
      asset,
      upload,
      blob,
      stat.digest === digest ? 'verified' : 'received',
    );
    await this.#repository.uploads.removeToken(upload.id, digest);
  }

  async #beginParts(
    direct: DirectTransfer,
    options: { id: string; digest: Digest; session: string; key: string },
  ): Promise<string> {
    const { id, digest, session, key } = options;
    const begun = await direct.beginParts({ session, key });
    const kept = await this.#repository.uploads.addToken(id, digest, begun);
    // Two clients, or two backends, began at the same moment: the first one counts.
    if (kept !== begun) await direct.abortParts({ session, key, token: begun });
    return kept;
  }

  async #receivedParts(
    asset: AssetRecord,
    upload: UploadRecord,
    wanted: readonly Digest[],
  ): Promise<Map<Digest, number[]>> {
    const { direct } = this.#stores.get(upload.store);
    if (!direct) return this.#repository.uploads.parts(upload.id);
    const received = new Map<Digest, number[]>();
    const tokens = await this.#repository.uploads.tokens(upload.id);
    const begun = wanted.filter(digest => tokens.has(digest));
    await concurrently(begun, HANDS, async digest => {
      try {
        const parts = await direct.receivedParts({
          session: partsSession(upload.id, digest),
          key: blobKey(asset.uid, digest),
          token: tokens.get(digest)!,
        });
        received.set(
          digest,
          [...parts.keys()].sort((a, b) => a - b),
        );
      } catch (error) {
        if (!isError(error) || error.name !== 'NotFoundError') throw error;
        // The bucket has forgotten them, or has made the blob of them.
        await this.#repository.uploads.removeToken(upload.id, digest);
      }
    });
    return received;
  }

  async #record(
    asset: AssetRecord,
    upload: UploadRecord,
    blob: { digest: Digest; size: number },
    state: 'received' | 'verified',
  ): Promise<void> {
    const { digest, size } = blob;
    const key = blobKey(asset.uid, digest);
    await this.#askRoom(asset, upload, key, [blob]);
    await this.#recorder.record(asset.id, [
      { digest, size, store: upload.store, key, state },
    ]);
  }

  async #recordPack(
    asset: AssetRecord,
    upload: UploadRecord,
    pack: { key: string; blobs: readonly PlacedBlob[] },
    state: 'received' | 'verified',
  ): Promise<void> {
    const { key, blobs } = pack;
    await this.#askRoom(asset, upload, key, blobs);
    await this.#recorder.record(
      asset.id,
      blobs.map(blob => ({ ...blob, store: upload.store, key, state })),
    );
  }

  /** What there is no room for goes after the grace, unless somebody else has sent it, too. */
  async #askRoom(
    asset: AssetRecord,
    upload: UploadRecord,
    key: string,
    blobs: readonly { digest: Digest; size: number }[],
  ): Promise<void> {
    try {
      await this.#quotas.arriving(asset, upload, blobs);
    } catch (error) {
      const place = { store: upload.store, key };
      await this.#repository.objects.condemn([place], this.#now());
      throw error;
    }
  }

  #refuseDirect(upload: UploadRecord) {
    const { parts, direct } = this.#stores.get(upload.store);
    if (direct || !parts) {
      throw new ConflictError(
        `the store '${upload.store}' takes its bytes directly; ask for signed requests`,
      );
    }
    return parts;
  }
}

/**
 * Reads what a client sends.
 *
 * @throws InputError when the bytes are more or fewer than was promised
 */
async function readAll(body: Readable, size: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(size);
  let length = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    if (length + chunk.length <= size) chunk.copy(bytes, length);
    length += chunk.length;
    releaseMemory(chunk);
  }
  if (length !== size)
    throw new InputError(`${length} bytes came, but ${size} were promised`);
  return bytes;
}

/** Where the checksum is the digest in another writing, it has to be the same. */
function refuseOtherDigest(
  direct: DirectTransfer,
  digest: Digest,
  checksum: string,
): void {
  if (
    direct.checksum === 'sha256' &&
    checksum !==
      Buffer.from(digest.slice('sha256:'.length), 'hex').toString('base64')
  ) {
    throw new FieldError(
      'checksum',
      `the checksum of a blob in one piece has to be its digest in base64`,
    );
  }
}

function asPut(request: {
  url: string;
  headers: Record<string, string>;
  expiresAt: string;
}): SignedPut {
  const { url, headers, expiresAt } = request;
  return { method: 'PUT', url, headers, expiresAt };
}

/** What the parts of a blob are called in its store. */
function partsSession(id: string, digest: Digest): string {
  return `${id}.${digest.slice('sha256:'.length)}`;
}
