/** Length as the node counts it: in code points, not in UTF-16 halves. */
export function characters(text: string): number {
  return Array.from(text).length;
}
