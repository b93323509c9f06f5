import { AssetViewerBlueprint } from '@baseasset/backstage-plugin-asset-manager-react';

const MIB = 1024 * 1024;

const json = AssetViewerBlueprint.make({
  name: 'json-tree',
  params: {
    id: 'json-tree',
    title: 'JSON tree',
    match: {
      mediaTypes: [
        'application/json',
        'application/geo+json',
        'application/x-ipynb+json',
      ],
      extensions: ['json'],
    },
    maxBytes: 20 * MIB,
    loader: () =>
      import('../viewers/JsonViewer').then(module => module.JsonViewer),
  },
});

const markdown = AssetViewerBlueprint.make({
  name: 'markdown',
  params: {
    id: 'markdown',
    title: 'Markdown',
    match: { mediaTypes: ['text/markdown'] },
    loader: () =>
      import('../viewers/MarkdownViewer').then(module => module.MarkdownViewer),
  },
});

const image = AssetViewerBlueprint.make({
  name: 'image',
  params: {
    id: 'image',
    title: 'Image',
    match: {
      mediaTypes: [
        'image/avif',
        'image/bmp',
        'image/gif',
        'image/jpeg',
        'image/png',
        'image/svg+xml',
        'image/webp',
        'image/x-icon',
      ],
    },
    maxBytes: 25 * MIB,
    loader: () =>
      import('../viewers/ImageViewer').then(module => module.ImageViewer),
  },
});

const csv = AssetViewerBlueprint.make({
  name: 'csv',
  params: {
    id: 'csv',
    title: 'Table',
    match: { mediaTypes: ['text/csv', 'text/tab-separated-values'] },
    loader: () =>
      import('../viewers/CsvViewer').then(module => module.CsvViewer),
  },
});

const text = AssetViewerBlueprint.make({
  name: 'text',
  params: {
    id: 'text',
    title: 'Text',
    match: {
      mediaTypes: [
        'text/*',
        'application/geo+json',
        'application/json',
        'application/jsonl',
        'application/sql',
        'application/toml',
        'application/x-ipynb+json',
        'application/xml',
        'application/yaml',
        'image/svg+xml',
      ],
    },
    loader: () =>
      import('../viewers/TextViewer').then(module => module.TextViewer),
  },
});

const fallback = AssetViewerBlueprint.make({
  name: 'fallback',
  params: {
    id: 'bytes',
    title: 'Bytes',
    match: {},
    priority: 'fallback',
    loader: () =>
      import('../viewers/FallbackViewer').then(module => module.FallbackViewer),
  },
});

export const viewers = [json, markdown, image, csv, text, fallback];
