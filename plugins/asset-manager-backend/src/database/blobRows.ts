import type {
  Digest,
  Verification,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { BlobRecord } from '../services/ports';
import { toNumber } from './rows';

/** Which asset holds which bytes, and where. */
export interface BlobRow {
  asset_id: number | string;
  digest: string;
  store: string;
  size: number | string;
  state: string;
  published: boolean;
  key: string;
  pack_offset: number | string | null;
  created_at: string;
}

/** What a row says of the copy, whoever holds it. */
export type CopyRow = Pick<
  BlobRow,
  'digest' | 'store' | 'size' | 'key' | 'pack_offset' | 'state'
>;

export function toRecord(row: CopyRow): BlobRecord {
  return {
    digest: row.digest as Digest,
    store: row.store,
    size: toNumber(row.size),
    key: row.key,
    ...(row.pack_offset !== null && { offset: toNumber(row.pack_offset) }),
    state: row.state as Verification,
  };
}
