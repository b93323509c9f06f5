import {
  AuditCheckpoint,
  AuditEvent,
  AuditLine,
  AuditVerification,
  AuditVerifier,
  Digest,
} from '@baseasset/backstage-plugin-asset-manager-common';
import canonicalize from 'canonicalize';

const LINE_HEAD =
  /^\{"kind":"event","sequence":\d+,"hash":"[^"]*","sealedAt":"[^"]*","event":/;

/**
 * Verifies an exported audit trail, without asking anybody: the chain, the signatures,
 * and that the end of the export is there.
 *
 * @param lines - of the export, as `AuditClient.export` gives them or a file has them
 * @param options.anchors - checkpoints that were kept elsewhere
 * @param options.publicKey - the only one whose signatures count, as base64; any when left out
 * @param options.digest - a faster SHA-256 than that of any platform, where there is one
 * @public
 */
export async function verifyAudit(
  lines: AsyncIterable<string> | Iterable<string>,
  options: {
    anchors?: readonly AuditCheckpoint[];
    publicKey?: string;
    digest?: (text: string) => Digest;
  } = {},
): Promise<AuditVerification> {
  const verifier = new AuditVerifier(options);
  let exportedAt: string | undefined;
  let events = 0;
  let isEnded = false;
  let number = 0;
  for await (const text of lines) {
    number++;
    if (text === '') continue;
    const line = parse(text);
    if (number === 1 && line?.kind !== 'begin')
      verifier.complain('it does not begin as an exported audit trail does');
    if (isEnded) verifier.complain(`line ${number} comes after the end`);
    switch (line?.kind) {
      case 'begin':
        if (line.format !== 'baseasset-audit/1')
          verifier.complain(`its format is ${line.format}, and not known here`);
        exportedAt = line.exportedAt;
        break;
      case 'event': {
        events++;
        const { event, sequence, hash, sealedAt } = line;
        verifier.addEvent(
          { sequence, hash, sealedAt },
          event ? rawEvent(text, event) : undefined,
        );
        break;
      }
      case 'checkpoint':
        verifier.addCheckpoint(line);
        break;
      case 'unsealed':
        events++;
        verifier.addUnsealed(line.event, exportedAt ?? line.event.at);
        break;
      case 'end':
        isEnded = true;
        if (line.events !== events)
          verifier.complain(
            `it ends with ${line.events} events, and ${events} are there`,
          );
        break;
      default:
        verifier.complain(`line ${number} can't be read`);
    }
  }
  if (!isEnded) verifier.complain('its end is missing: it was cut off');
  return verifier.result();
}

/** The very text of an event where its line has it as the export wrote it, or the canonical one. */
function rawEvent(text: string, event: AuditEvent): string | undefined {
  const [head] = LINE_HEAD.exec(text) ?? [];
  return head === undefined ? canonicalize(event) : text.slice(head.length, -1);
}

function parse(text: string): AuditLine | undefined {
  try {
    const line = JSON.parse(text);
    return typeof line === 'object' && line !== null ? line : undefined;
  } catch {
    return undefined;
  }
}
