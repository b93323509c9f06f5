/** The people and groups of the portal. */
export interface OwnerDirectory {
  /** Whether there is such a group or person. */
  has(entityRef: string): Promise<boolean>;
}
