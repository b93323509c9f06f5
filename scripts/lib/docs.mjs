/** Builds the TechDocs site of the project, for the portal to show on its own page. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { root, say, toolsDirectory } from './tools.mjs';

/** Installs MkDocs as TechDocs wants it, once. */
function ensureMkdocs() {
  const venv = path.join(toolsDirectory, 'mkdocs');
  const mkdocs = path.join(venv, 'bin/mkdocs');
  if (fs.existsSync(path.join(venv, '.installed'))) return mkdocs;
  say('Installing MkDocs for the documentation');
  fs.rmSync(venv, { recursive: true, force: true });
  const options = { stdio: 'pipe', timeout: 300_000 };
  execFileSync('python3', ['-m', 'venv', venv], options);
  execFileSync(
    path.join(venv, 'bin/pip'),
    ['install', '--quiet', '-r', path.join(root, 'docs/requirements.txt')],
    options,
  );
  fs.writeFileSync(path.join(venv, '.installed'), '');
  return mkdocs;
}

function digestOf(folder) {
  const hash = createHash('sha256');
  for (const entry of fs.readdirSync(folder, {
    recursive: true,
    withFileTypes: true,
  })) {
    if (entry.isFile())
      hash.update(fs.readFileSync(path.join(entry.parentPath, entry.name)));
  }
  return hash
    .update(fs.readFileSync(path.join(root, 'mkdocs.yml')))
    .digest('hex');
}

/** Builds the site where the portal's TechDocs looks for it. Without MkDocs there is none, loudly. */
export function buildDocs(tools, publishDirectory) {
  const site = path.join(publishDirectory, 'default/system/asset-manager');
  const digest = digestOf(path.join(root, 'docs'));
  const metadata = path.join(site, 'techdocs_metadata.json');
  if (
    fs.existsSync(metadata) &&
    JSON.parse(fs.readFileSync(metadata, 'utf8')).etag === digest
  )
    return;
  try {
    const mkdocs = ensureMkdocs();
    fs.rmSync(site, { recursive: true, force: true });
    execFileSync(mkdocs, ['build', '--strict', '--quiet', '--site-dir', site], {
      cwd: root,
      stdio: 'pipe',
      timeout: 120_000,
      env: tools.env,
    });
    fs.writeFileSync(
      metadata,
      JSON.stringify({
        site_name: 'Asset Manager',
        site_description:
          'Digital assets of data science, through their whole life',
        etag: digest,
        build_timestamp: Date.now(),
      }),
    );
  } catch (error) {
    say(
      `SKIPPED: the documentation in the portal, because MkDocs did not build it: ${`${
        error.stderr ?? error.message
      }`
        .trim()
        .split('\n')
        .slice(-3)
        .join(' ')}`,
    );
  }
}
