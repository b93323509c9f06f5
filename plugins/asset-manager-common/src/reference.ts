import { InputError } from '@backstage/errors';
import { isDigestPrefix } from './digest';
import {
  DEFAULT_NAMESPACE,
  LATEST,
  labelProblem,
  nameProblem,
  namespaceProblem,
  refuse,
} from './names';
import { pathProblem } from './paths';

/**
 * The name of an asset.
 *
 * @public
 */
export interface AssetName {
  namespace: string;
  name: string;
}

/**
 * A parsed reference: an asset, and where the text said so a version of it and
 * a file in that version.
 *
 * @public
 */
export interface AssetReference extends AssetName {
  /** A digest or its beginning, a label, an alias, a stage or `latest`; undefined when the text had none. */
  selector?: string;
  /** A path in the version, without a leading slash. */
  path?: string;
}

/**
 * Two versions of one asset, as `name@A..B` names them.
 *
 * @public
 */
export interface VersionRange extends AssetName {
  from: string;
  to: string;
}

const SCHEME = 'asset://';

function splitName(text: string, whole: string): AssetName {
  const parts = text.split('/');
  if (parts.length > 2) {
    throw new InputError(
      `${JSON.stringify(
        whole,
      )} is not a reference: a name has one slash at most (namespace/name), and a file stands behind a version (namespace/name@latest/path)`,
    );
  }
  const [namespace, name] =
    parts.length === 2 ? parts : [DEFAULT_NAMESPACE, parts[0]];
  refuse('namespace', namespace, namespaceProblem(namespace));
  refuse('asset name', name, nameProblem(name));
  return { namespace, name };
}

function checkSelector(selector: string): string {
  if (selector === '') {
    throw new InputError(
      'a version is missing: give a label, an alias, a digest or latest',
    );
  }
  if (selector === LATEST || isDigestPrefix(selector)) return selector;
  if (selector.startsWith('sha256:')) {
    throw new InputError(
      `selector '${selector}' is not valid: a digest in a reference has 12 to 64 lowercase hex digits`,
    );
  }
  refuse('selector', selector, labelProblem(selector));
  return selector;
}

/**
 * Reads a reference:
 * `[asset://][namespace/]name[@selector[/path/in/the/version]]`.
 *
 * @throws InputError that names the part that is wrong
 * @public
 */
export function parseReference(text: string): AssetReference {
  const body = text.startsWith(SCHEME) ? text.slice(SCHEME.length) : text;
  const at = body.indexOf('@');
  if (at < 0) return splitName(body, text);
  const name = splitName(body.slice(0, at), text);
  const rest = body.slice(at + 1);
  const slash = rest.indexOf('/');
  const selector = checkSelector(slash < 0 ? rest : rest.slice(0, slash));
  if (slash < 0) return { ...name, selector };
  const path = rest.slice(slash + 1);
  refuse('path', path, pathProblem(path));
  return { ...name, selector, path };
}

/**
 * Reads `name@A..B`, or undefined when the text is no such range.
 *
 * @throws InputError when it is a range and a part of it is wrong
 * @public
 */
export function parseVersionRange(text: string): VersionRange | undefined {
  const body = text.startsWith(SCHEME) ? text.slice(SCHEME.length) : text;
  const at = body.indexOf('@');
  const dots = body.indexOf('..', at);
  if (at < 0 || dots < 0 || body.slice(at, dots).includes('/'))
    return undefined;
  return {
    ...splitName(body.slice(0, at), text),
    from: checkSelector(body.slice(at + 1, dots)),
    to: checkSelector(body.slice(dots + 2)),
  };
}

/**
 * The shortest text that reads back as the same reference. The default
 * namespace is left out.
 *
 * @public
 */
export function formatReference(reference: AssetReference): string {
  const { namespace, name, selector, path } = reference;
  const asset = namespace === DEFAULT_NAMESPACE ? name : `${namespace}/${name}`;
  if (path !== undefined) return `${asset}@${selector ?? LATEST}/${path}`;
  return selector === undefined ? asset : `${asset}@${selector}`;
}

/**
 * How two names are compared: namespaces and names are unique without regard
 * to case, as in the catalog.
 *
 * @public
 */
export function assetKey(name: AssetName): string {
  return `${name.namespace}/${name.name}`.toLocaleLowerCase('en-US');
}
