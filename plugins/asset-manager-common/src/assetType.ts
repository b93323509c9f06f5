/**
 * An asset type as the installation has it: shipped or configured.
 *
 * @public
 */
export interface AssetType {
  /** What `spec.type` of the entity says, e.g. `ml-model`. */
  name: string;
  /** What people read, e.g. `Machine learning model`. */
  title: string;
  description?: string;
  /** The stages of the type, in order; no label or alias may repeat one. */
  stages: string[];
}

const STAGES = [
  'created',
  'staging',
  'validation',
  'certified',
  'production',
  'retired',
  'archived',
];

/**
 * The types that every installation has unless its configuration takes one away.
 *
 * @public
 */
export const SHIPPED_ASSET_TYPES: readonly AssetType[] = [
  {
    name: 'ml-model',
    title: 'Machine learning model',
    description: 'Trained weights with what is needed to run them',
    stages: STAGES,
  },
  {
    name: 'reference-genome',
    title: 'Reference genome',
    description: 'Reference sequences and their indexes',
    stages: STAGES,
  },
  {
    name: 'sequence-set',
    title: 'Sequence set',
    description: 'Reads, signals or sequences that belong together',
    stages: STAGES,
  },
  {
    name: 'dataset',
    title: 'Data set',
    description: 'Tables, documents and images for analysis or training',
    stages: STAGES,
  },
  {
    name: 'generic',
    title: 'Files',
    description: 'Anything that has no type of its own',
    stages: STAGES,
  },
];
