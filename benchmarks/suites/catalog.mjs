/** How soon the command line answers, and how the portal does with ten thousand assets. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {
  openBrowser,
  openPortal,
  pageOf,
  personAt,
} from '../../e2e/support.mjs';
import { root } from '../../scripts/lib/tools.mjs';
import { median, seconds } from '../measure.mjs';

const ASSET_COUNT = Number(process.env.BENCH_ASSET_COUNT ?? 10_000);

export async function run(report, tools) {
  report.part('Command line and catalog');
  const cli = path.join(root, 'packages/cli/bin/asset.cjs');
  const help = [];
  const bare = [];
  for (let run = 0; run < 7; run++) {
    help.push(
      await seconds(async () => execFileSync(tools.node, [cli, '--help'])),
    );
    bare.push(await seconds(async () => execFileSync(tools.node, ['-e', '0'])));
  }
  report.row(
    'asset --help',
    `${median(help).toFixed(3)} s`,
    `under 0.25 s; Node alone ${median(bare).toFixed(3)} s`,
  );

  const portal = await openPortal({
    configuration: { assetManager: { validateResponses: false } },
  });
  try {
    const maya = personAt(portal, 'maya');
    await maya.signIn();
    const headers = {
      ...maya.headers(),
      'Content-Type': 'application/json',
    };
    let next = 0;
    const created = await seconds(() =>
      Promise.all(
        Array.from({ length: 8 }, async () => {
          while (next < ASSET_COUNT) {
            const number = next++;
            await fetch(`${portal.url}/api/asset-manager/assets`, {
              method: 'POST',
              headers,
              body: JSON.stringify({
                namespace: `n${number % 20}`,
                name: `asset-${number}`,
                type: 'dataset',
                tags: [`t${number % 7}`],
              }),
            });
          }
        }),
      ),
    );
    report.row(
      `${ASSET_COUNT} assets created over HTTP`,
      `${(ASSET_COUNT / created).toFixed(0)} a second`,
    );
    const settled = await seconds(async () => {
      for (;;) {
        const answer = await fetch(
          `${portal.url}/api/catalog/entities/by-query?filter=kind=asset&limit=1`,
          { headers },
        );
        if ((await answer.json()).totalItems >= ASSET_COUNT) return;
        await new Promise(resolve => setTimeout(resolve, 500));
      }
    });
    report.row(
      'until the catalog has them all, after the last',
      `${settled.toFixed(1)} s`,
    );
    const { browser, missing } = await openBrowser();
    if (missing) {
      report.row('first rows of the Assets page', `skipped: ${missing}`);
    } else {
      const page = await pageOf(browser, portal, 'maya');
      const times = [];
      for (let run = 0; run < 5; run++) {
        await page.goto(`${portal.url}/assets`);
        await page.getByRole('heading', { name: 'Assets' }).waitFor();
        times.push(
          await seconds(() =>
            page
              .getByRole('row', { name: /asset-/ })
              .first()
              .waitFor(),
          ),
        );
      }
      report.row(
        `first rows of the Assets page, with ${ASSET_COUNT} assets`,
        `${median(times).toFixed(2)} s`,
        'under 1 s after the page is there',
      );
      await browser.close();
    }
  } finally {
    await portal.close();
  }
}
