/** Whether the bucket answered with one of these HTTP statuses. */
export function isStatus(error: unknown, ...statuses: number[]): boolean {
  return statuses.includes(Number((error as { code?: unknown }).code));
}
