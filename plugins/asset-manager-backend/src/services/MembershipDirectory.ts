/** What somebody is a member of. */
export interface Memberships {
  /** The groups that name the person as a member. */
  groups: string[];
  /** Those, and all groups that they belong to in turn. */
  all: string[];
}

/** Who belongs to which groups of the portal. */
export interface MembershipDirectory {
  /** @returns no groups for whoever the portal does not know */
  of(userRef: string): Promise<Memberships>;
}
