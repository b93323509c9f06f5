import type {
  PieceToSend,
  SignedPut,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { AssetManagerClient } from './AssetManagerClient';

/** What the server signs in one request. */
const MOST = 200;
/** Pieces that are wanted in the same moment are asked for together. Milliseconds. */
const GATHERING = 5;

interface Waiting {
  piece: PieceToSend;
  resolve: (signed: SignedPut) => void;
  reject: (error: unknown) => void;
}

/** Asks for signed requests, many in one question. */
export class PieceSigner {
  readonly #client: AssetManagerClient;
  readonly #uploadId: string;
  readonly #signal: AbortSignal | undefined;
  #waiting: Waiting[] = [];

  constructor(options: {
    client: AssetManagerClient;
    uploadId: string;
    signal?: AbortSignal;
  }) {
    this.#client = options.client;
    this.#uploadId = options.uploadId;
    this.#signal = options.signal;
  }

  sign(piece: PieceToSend): Promise<SignedPut> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) setTimeout(() => this.#ask(), GATHERING);
      this.#waiting.push({ piece, resolve, reject });
    });
  }

  async #ask(): Promise<void> {
    const all = this.#waiting;
    this.#waiting = [];
    for (let at = 0; at < all.length; at += MOST) {
      const batch = all.slice(at, at + MOST);
      try {
        const signed = await this.#client.signPieces(
          this.#uploadId,
          batch.map(({ piece }) => piece),
          { signal: this.#signal },
        );
        batch.forEach(({ resolve }, index) => resolve(signed[index]));
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
  }
}
