/** Whether the bucket answered with one of these HTTP statuses. */
export function isStatus(error: unknown, ...statuses: number[]): boolean {
  const { $metadata } = error as { $metadata?: { httpStatusCode?: number } };
  return statuses.includes($metadata?.httpStatusCode ?? 0);
}
